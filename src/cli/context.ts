/**
 * What a command is given: the terminal, and the product's use cases behind functions that load them when called.
 *
 * `status` starts in no more than twice the time of `node -e 0`, so nothing is loaded before it is used; and a command
 * is tested with values in place of the use cases.
 */
import type { Exit } from '../base/problem.ts';
import type { Adapters } from '../inventory/adapters.ts';
import type { Inventory, InventoryOptions } from '../inventory/inventory.ts';
import type { Grants } from '../oauth/oauth.ts';
import type { Clock } from '../ports/clock.ts';
import type { DemoWorld, Scratch } from '../ports/demo.ts';
import type { Ports } from '../ports/ports.ts';
import type { Terminal } from '../ports/terminal.ts';
import type { Rotations } from '../rotation/rotation.ts';
import type { Guard } from './guard/guard.ts';
import type { Issuers } from './issuer/issuers.ts';
import type { Leaks } from './leak/leaks.ts';
import type { Repositories } from './leak/repositories.ts';
import type { Spreads } from './leak/spread/spreads.ts';
import type { Oauth } from './oauth/oauth.ts';
import type { Status } from './status/view.ts';

export interface UseCases {
  readonly clock: Clock;
  inventory(options: InventoryOptions): Promise<Inventory>;
  /** The inventory together with what clients got by signing in. */
  look(options: InventoryOptions): Promise<{ readonly inventory: Inventory; readonly grants: Grants }>;
  /** What `status` tells; from memory while nothing that it was made from has changed. */
  status(options: InventoryOptions): Promise<Status>;
  rotations(): Promise<Rotations>;
  issuers(): Promise<Issuers>;
  oauth(): Promise<Oauth>;
  repositories(): Promise<Repositories>;
  leaks(): Promise<Leaks>;
  /** Is there anything at this path? */
  exists(path: string): Promise<boolean>;
  spreads(): Promise<Spreads>;
  guard(): Promise<Guard>;
  /** Opens a page in the person's browser; false when that is not possible. Never through a shell. */
  openPage(url: string): Promise<boolean>;
  /** Where the copy of a receipt for people lies. */
  receiptPath(rotation: string): Promise<string>;
}

/** What the demo takes in place of the person's own machine. */
export interface DemoParts {
  readonly world: DemoWorld;
  readonly adapters: Adapters;
  /** The real ports, confined to the scratch folder. */
  portsIn(scratch: Scratch): Promise<Ports>;
}

export interface Context {
  readonly terminal: Terminal;
  readonly version: string;
  /** The files that run, for a hook that is to run them again; undefined from source. */
  readonly program: { readonly node: string; readonly file: string } | undefined;
  /** A path as the person typed it, made absolute. */
  absolute(path: string): string;
  useCases(): Promise<UseCases>;
  demo(): Promise<DemoParts>;
}

/** What a command does; the answer is the exit status. */
export type Action = (context: Context) => Promise<Exit>;

/** Set by a command's `.action`, carried out once parsing is over. */
export type Act = (action: Action) => void;
