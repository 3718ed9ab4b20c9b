import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { errorBodySchema } from '../../../../shared/api/error.ts';
import { describeIssue } from '../../../../shared/api/validationMessage.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start();
  await plane.createMeeting('standup');
});

afterAll(async () => {
  await plane.stop();
});

async function messageOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  expect(response.status).toBe(400);
  return errorBodySchema.parse(await response.json()).error.message;
}

const schema = z.strictObject({
  name: z.string().min(2).max(3),
  size: z.number().min(1).max(9).optional(),
  count: z.int().optional(),
  kind: z.enum(['audio', 'video']).optional(),
  open: z.boolean().optional(),
  items: z
    .array(z.object({ id: z.string() }))
    .max(1)
    .optional(),
  code: z.string().regex(/^a+$/, 'must be made of a').optional(),
  site: z.url().optional(),
});

function describeAll(input: unknown, showsValue = false): string[] {
  const { error } = schema.safeParse(input);
  return (error?.issues ?? []).map((issue) => describeIssue(issue, { place: 'body', input, showsValue }));
}

describe('what a schema refused', () => {
  it.each([
    [{}, 'name is required'],
    [{ name: 1 }, 'name must be text'],
    [{ name: null }, 'name must be text'],
    [{ name: 'a' }, 'name must have at least 2 characters'],
    [{ name: 'abcd' }, 'name must have at most 3 characters'],
    [{ name: 'ab', size: 0 }, 'size must be at least 1'],
    [{ name: 'ab', size: 10 }, 'size must be at most 9'],
    [{ name: 'ab', size: 'many' }, 'size must be a number'],
    [{ name: 'ab', count: 1.5 }, 'count must be a whole number'],
    [{ name: 'ab', kind: 'smell' }, 'kind must be one of audio, video'],
    [{ name: 'ab', open: 'yes' }, 'open must be true or false'],
    [{ name: 'ab', items: {} }, 'items must be a list'],
    [{ name: 'ab', items: [{}] }, 'items.0.id is required'],
    [{ name: 'ab', items: [{ id: 'a' }, { id: 'b' }] }, 'items must have at most 1 item'],
    [{ name: 'ab', code: 'b' }, 'code must be made of a'],
    [{ name: 'ab', site: 'b' }, 'site must be a valid url'],
    [{ name: 'ab', colour: 1 }, 'Request body must not have the field "colour"'],
    [{ name: 'ab', a: 1, b: 2 }, 'Request body must not have the fields "a", "b"'],
    [[], 'Request body must be an object'],
    [undefined, 'Request body is required'],
  ])('GC-14 is told in words for %j', (input, message) => {
    expect(describeAll(input)).toEqual([message]);
  });

  it('GC-14 is told with the value where that is no secret, cut to a bound', () => {
    expect(describeAll({ name: 'abcd' }, true)).toEqual(['name must have at most 3 characters: got "abcd"']);
    const [long = ''] = describeAll({ name: 'x'.repeat(10_000) }, true);
    expect(long.length).toBeLessThan(150);
  });

  it.each([
    ['abc', '"abc"'],
    ['0', '"0"'],
    ['101', '"101"'],
    ['1.5', '"1.5"'],
  ])('GC-14 is told of limit=%s with its rule and the value', async (limit, shown) => {
    expect(await messageOf(plane.get(`/api/v1/meetings?limit=${limit}`))).toBe(
      `limit must be a whole number from 1 to 100: got ${shown}`,
    );
  });

  it('GC-14 is told of a field of a body that is missing, and of one in a path', async () => {
    expect(await messageOf(plane.post('/api/v1/meetings/standup/join', {}))).toBe('display_name is required');
    expect(await messageOf(plane.post('/api/v1/media-handlers', {}))).toBe('handler_id is required');
    expect(await messageOf(plane.get('/api/v1/meetings/%20'))).toBe(
      'meeting_id must be 1 to 64 characters of A-Z a-z 0-9 . _ - and not "." or "..": got " "',
    );
  });

  it('GC-15 never tells a value of a body, which may be a secret', async () => {
    const message = await messageOf(
      plane.post('/api/v1/meetings/standup/join', { display_name: `hunter2${'x'.repeat(80)}` }),
    );
    expect(message).toBe('display_name must have at most 80 characters');
  });
});
