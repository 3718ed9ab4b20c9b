// A real Chromium for tests, with made-up devices and permissions granted.
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../infra/setup/chromium.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('No Chromium found: run `npm test`, which installs or asks for one');
  return await chromium.launch({ executablePath, headless: true, args: FLAGS });
}
