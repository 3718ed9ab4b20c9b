// What is said about a browser that cannot hold meetings, before anybody has typed anything.
import { listOf } from '../../media/support.ts';

export interface BrowserSupport {
  /** The page came over https, or from this machine. */
  readonly isSecureContext: boolean;
  /** What the SDK needs and the browser lacks. Browsers keep some of it from pages that are not secure. */
  readonly missing: readonly string[];
}

/** A sentence about what is missing and what to do, or undefined. */
export function missingSupport({ isSecureContext, missing }: BrowserSupport): string | undefined {
  if (!isSecureContext) {
    return 'Browsers allow cameras only on secure pages: open this page over https, or as localhost on the same machine.';
  }
  if (missing.length > 0) {
    return `This browser lacks what meetings need (${listOf(missing)}): use a current Chrome, Edge or another Chromium.`;
  }
  return undefined;
}
