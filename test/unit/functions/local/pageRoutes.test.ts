import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPageRoutes } from '../../../../functions/local/pageRoutes.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

const INDEX = '<!doctype html><title>Dark Tower</title>';
let root: string;
let plane: ControlPlane;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dark-tower-page-'));
  mkdirSync(join(root, 'page', 'icons'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'page', 'index.html'), INDEX);
  writeFileSync(join(root, 'page', 'page.js'), 'export {};');
  writeFileSync(join(root, 'page', 'page.css'), 'body {}');
  writeFileSync(join(root, 'page', 'icons', 'mark.svg'), '<svg/>');
  plane = await ControlPlane.start();
  await addPageRoutes(plane.app, join(root, 'page'));
});

afterAll(async () => {
  await plane.stop();
  rmSync(root, { recursive: true });
});

describe('the meeting page', () => {
  it.each(['/', '/m/standup', '/m/a.B_c-9', '/index.html'])('is at %s', async (path) => {
    const response = await plane.get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe(INDEX);
  });

  it.each([
    ['/page.js', 'text/javascript'],
    ['/page.css', 'text/css'],
    ['/icons/mark.svg', 'image/svg+xml'],
  ])('has its file %s as %s', async (path, type) => {
    const response = await plane.get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
  });

  it.each(['/', '/m/standup', '/page.js'])('is under a strict policy at %s', async (path) => {
    const { headers } = await plane.get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self' https: wss:;");
    expect(policy).toContain("worker-src 'self' blob:;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get('permissions-policy')).toContain('camera=(self), microphone=(self)');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/icons/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '//secret.txt',
    '/%00',
    '/m/..%2f..%2fsecret.txt',
    '/m/a%20b',
    '/m/',
    '/m/a/b',
    '/nothing.js',
  ])('gives nothing out at %s', async (path) => {
    const response = await plane.app.request(new Request(`http://localhost${path}`));
    const text = await response.text();
    expect(response.status).toBe(404);
    expect(text).not.toContain('secret\n');
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('leaves the API what it was', async () => {
    expect((await plane.get('/api/v1/nothing')).status).toBe(404);
    const response = await plane.app.request('/', { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('says when it is not built', async () => {
    await expect(addPageRoutes(plane.app, root)).rejects.toThrow('run "npm run build"');
  });
});
