/** Twin of the browser: keeps what it was given, and a person who looks at it may act (`onOpen`). */
import { mayOpen } from '../../src/platform/browser.ts';
import type { Browser } from '../../src/ports/browser.ts';

export interface BrowserTwin extends Browser {
  /** Addresses that were opened, in order. */
  readonly opened: string[];
}

export interface BrowserTwinOptions {
  /** A session without a screen. */
  readonly screen?: boolean;
  /** What the person does with the page, not waited for by `open`. */
  readonly onOpen?: (address: string) => void | Promise<void>;
}

export function twinBrowser({ screen = true, onOpen }: BrowserTwinOptions = {}): BrowserTwin {
  const opened: string[] = [];
  return {
    opened,
    async open(address) {
      if (!mayOpen(address)) return 'refused';
      if (!screen) return 'none';
      opened.push(address);
      void onOpen?.(address);
      return 'opened';
    },
  };
}
