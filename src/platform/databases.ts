/** The real databases. Each driver is loaded at its first use, so that a command that needs none starts without it. */
import type { Databases } from '../ports/databases.ts';

export function createDatabases(): Databases {
  return {
    postgresql: async (address) => (await import('./database-postgresql.ts')).openPostgresql(address),
    mysql: async (address) => (await import('./database-mysql.ts')).openMysql(address),
    redis: async (address) => (await import('./database-redis.ts')).openRedis(address),
  };
}
