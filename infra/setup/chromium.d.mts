/** The path of a Chromium executable, or undefined. CHROMIUM_PATH overrides the search. */
export function findChromium(): string | undefined;
