// Real browsers for tests. Chromium has made-up devices and permissions granted, and is driven by playwright; Firefox opens
// one page, which tells the test's own server what it found.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { findChromium, findFirefox } from '../../infra/setup/browsers.mjs';

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

const MADE_UP_DEVICES = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** `flags` beside those that every test needs. */
export function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  return launch([...MADE_UP_DEVICES, ...flags]);
}

/**
 * Shares the tab with this title, and its sound, whenever a page asks what to share. It has no made-up devices: the made-up
 * screen would go with them.
 */
export function launchSharingChromium(tabTitle: string): Promise<Browser> {
  // What playwright mutes is silent for whoever shares it too.
  return launch([`--auto-select-tab-capture-source-by-title=${tabTitle}`], ['--mute-audio']);
}

async function launch(flags: readonly string[], ignoreDefaultArgs: string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('No Chromium found: run `npm test`, which installs or asks for one');
  return await chromium.launch({
    executablePath,
    headless: true,
    ignoreDefaultArgs,
    args: [...CHROMIUM_FLAGS, ...flags],
  });
}

/** Against what a fresh Firefox does by itself, which would leave the machine; and a page may open a tab. */
const FIREFOX_PREFERENCES: Readonly<Record<string, boolean | string | number>> = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.disable_open_during_load': false,
  'dom.push.connection.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
};

export interface RunningFirefox {
  /** Ends it at once, as a crash would, and removes its profile. */
  close(): Promise<void>;
}

export async function openInFirefox(url: string): Promise<RunningFirefox> {
  const executable = findFirefox();
  if (executable === undefined)
    throw new Error('No Firefox found: run `npm test`, which installs or asks for one');
  const profile = await mkdtemp(join(tmpdir(), 'dark-tower-firefox-'));
  const preferences = Object.entries(FIREFOX_PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, 'user.js'), preferences.join(''));
  const child = spawn(executable, ['--headless', '--no-remote', '--profile', profile, url], {
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  exited.catch(() => undefined);
  return {
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      // Its other processes may write for a moment after their parent is gone.
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
