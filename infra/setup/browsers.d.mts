/** The path of a Chromium executable, or undefined. CHROMIUM_PATH overrides the search. */
export function findChromium(): string | undefined;
/** The path of a Firefox executable, or undefined. FIREFOX_PATH overrides the search. */
export function findFirefox(): string | undefined;
