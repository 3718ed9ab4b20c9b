// Where the browsers of the browser tests may be found, in order of preference.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function find(chosen, names, fixed) {
  if (chosen) return existsSync(chosen) ? chosen : undefined;
  const directories = (process.env.PATH ?? '').split(delimiter);
  const candidates = directories.flatMap((directory) => names.map((name) => join(directory, name)));
  return [...candidates, ...fixed].find((path) => existsSync(path));
}

/** The path of a Chromium executable, or undefined. CHROMIUM_PATH overrides the search. */
export function findChromium() {
  return find(
    process.env.CHROMIUM_PATH,
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
  );
}

/** The path of a Firefox executable, or undefined. FIREFOX_PATH overrides the search. */
export function findFirefox() {
  return find(
    process.env.FIREFOX_PATH,
    ['firefox-esr', 'firefox'],
    ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  );
}
