// What is said about a browser that cannot hold meetings, before anybody has typed anything.

export interface BrowserSupport {
  /** The page came over https, or from this machine. */
  readonly isSecureContext: boolean;
  /** The browser has all that the SDK needs. Browsers keep some of it from pages that are not secure. */
  readonly isSupported: boolean;
}

/** A sentence about what is missing and what to do, or undefined. */
export function missingSupport({ isSecureContext, isSupported }: BrowserSupport): string | undefined {
  if (!isSecureContext) {
    return 'Browsers allow cameras only on secure pages: open this page over https, or as localhost on the same machine.';
  }
  if (!isSupported) {
    return 'This browser is missing what meetings need (WebTransport and WebCodecs): use a current Chrome, Edge or another Chromium.';
  }
  return undefined;
}
