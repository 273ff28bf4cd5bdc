/**
 * A real MCP server (server-everything) behind a gate: it starts only when its TOY_TOKEN is the one that the file named
 * by the first argument holds at that moment. So a client that says "Connected" has given it the right credential.
 */
import { appendFileSync, readFileSync } from 'node:fs';

const [, , folder] = process.argv;
const wanted = readFileSync(`${folder}/wanted`, 'utf8').trim();
const open = process.env.TOY_TOKEN === wanted;
appendFileSync(`${folder}/log`, `stdio ${open ? 'open' : 'shut'}\n`);
if (!open) process.exit(1);
process.argv = [process.argv[0], process.argv[1], 'stdio'];
await import('@modelcontextprotocol/server-everything/dist/index.js');
