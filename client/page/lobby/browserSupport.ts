// What the page cannot do without. Said before anybody has typed anything.

export interface BrowserFeatures {
  readonly isSecureContext: boolean;
  readonly hasWebTransport: boolean;
  readonly hasWebCodecs: boolean;
}

export function featuresOf(scope: Window & typeof globalThis): BrowserFeatures {
  return {
    isSecureContext: scope.isSecureContext,
    hasWebTransport: 'WebTransport' in scope,
    hasWebCodecs: 'VideoEncoder' in scope && 'VideoDecoder' in scope,
  };
}

/** A sentence about what is missing, or undefined. */
export function missingSupport(features: BrowserFeatures): string | undefined {
  if (!features.isSecureContext) {
    return 'Browsers allow cameras only on secure pages: open this page over https, or as localhost on the same machine.';
  }
  if (!features.hasWebTransport || !features.hasWebCodecs) {
    return 'This browser is missing what meetings need (WebTransport and WebCodecs): use a current Chrome, Edge or another Chromium.';
  }
  return undefined;
}
