// Every route with every credential that must not do, with bodies that must not do, and until it has answered with each
// status that the document lists for it (ledger GC-14, GC-15).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../../../../functions/app.ts';
import { errorBodySchema } from '../../../../../shared/api/error.ts';
import { hostToken, unprovenTokens, withdrawnTokens } from './joinTokens.ts';
import { RouteSystem } from './RouteSystem.ts';
import { type Call, freshMeeting, RECIPES, type Recipe, send } from './recipes.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: object;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, { readonly headers?: Readonly<Record<string, unknown>> }>>;
}

let system: RouteSystem;
let operations: Operation[];

beforeAll(async () => {
  system = await RouteSystem.start();
  const { paths } = (await (await system.app.request('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.values(paths).flatMap((methods) => Object.values(methods));
});

afterAll(async () => {
  await system.stop();
});

/** Calls, and notes the status under the operation. Failures have the one shape, and say nothing of what is inside. */
async function exercise(name: string, call: Call, app = system.app): Promise<Response> {
  const response = await send(app, call);
  system.exercised.add(`${name} ${response.status}`);
  for (const header of response.headers.keys())
    system.headersSeen.add(`${name} ${response.status} ${header}`);
  if (!response.ok) {
    const text = await response.clone().text();
    expect(errorBodySchema.safeParse(JSON.parse(text)).success, text).toBe(true);
    expect(text).not.toContain('hunter2');
  }
  return response;
}

const cases = Object.entries(RECIPES);
const withCredential = (...credentials: Recipe['credential'][]): [string, Recipe][] =>
  cases.filter(([, { credential }]) => credentials.includes(credential));
type ParticipantCalls = NonNullable<Recipe['participant']>;
const ofParticipants = cases.flatMap(([name, { participant }]): [string, ParticipantCalls][] =>
  participant === undefined ? [] : [[name, participant]],
);
const operation = (name: string): Operation | undefined =>
  operations.find(({ operationId }) => operationId === name);
const lists = (name: string, status: number): boolean =>
  operation(name)?.responses[String(status)] !== undefined;

/** Security schemes that the document must name for a route with the credential; '' is for whoever shows nothing. */
const SCHEMES: Readonly<Record<Recipe['credential'], readonly string[]>> = {
  user: ['userToken', 'clientCredentials'],
  node: ['nodeToken'],
  client: ['clientBasic'],
  join: ['joinToken'],
  body: [],
  none: [],
};

function schemesOf({ credential, participant, openToGuests }: Recipe): string[] {
  const schemes = new Set(SCHEMES[credential]);
  if (participant !== undefined && credential !== 'body') schemes.add('joinToken');
  if (openToGuests === true) schemes.add('');
  return [...schemes].toSorted();
}

function authorized(call: Call, authorization: string | undefined): Call {
  const { authorization: _own, ...headers } = call.headers;
  return { ...call, headers: authorization === undefined ? headers : { ...headers, authorization } };
}

describe('every route', () => {
  it.each(cases)('GC-14 %s answers a good request', async (name, recipe) => {
    const response = await exercise(name, await recipe.call(system));
    expect(response.status, await response.clone().text()).toBe(recipe.success);
  });

  it.each(cases)('GC-14 %s answers as its recipe says for what it refuses', async (name, { others }) => {
    for (const [status, makeCall] of Object.entries(others ?? {})) {
      const response = await exercise(name, await makeCall(system));
      expect(response.status, await response.clone().text()).toBe(Number(status));
    }
  });

  it.each(cases)('GC-14 %s refuses another method with 405 and says which it has', async (name, recipe) => {
    const response = await exercise(name, { ...(await recipe.call(system)), method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).not.toBe(null);
  });

  it.each(cases)(
    'GC-14 %s refuses with 406 whoever accepts nothing that it answers in',
    async (name, recipe) => {
      if (!lists(name, 406)) return expect(name).toBe('getHealth');
      const call = await recipe.call(system);
      const response = await exercise(name, { ...call, headers: { ...call.headers, accept: 'text/html' } });
      expect(response.status).toBe(406);
    },
  );

  it.each(cases)(
    'GC-14 %s refuses bodies that are too large, malformed or of another type',
    async (name, recipe) => {
      const call = await recipe.call(system);
      if (lists(name, 413)) {
        const response = await exercise(name, { ...call, body: 'x'.repeat(MAX_BODY_BYTES + 1) });
        expect(response.status).toBe(413);
      }
      if (operation(name)?.requestBody === undefined) return;
      for (const body of ['{"a":', 'null', '[]', '{"unknown":1}']) {
        const response = await exercise(name, { ...call, body });
        expect(response.status, body).toBe(400);
      }
      const headers = { ...call.headers, 'content-type': 'text/plain' };
      expect((await exercise(name, { ...call, headers })).status).toBe(415);
    },
  );

  it.each(cases)(
    'GC-14 %s answers 500 where something breaks inside, and tells nothing of it',
    async (name, recipe) => {
      if (!lists(name, 500)) return expect(name).toBe('getHealth');
      const response = await exercise(name, await recipe.call(system), system.broken);
      expect(response.status).toBe(500);
    },
  );

  it.each(cases)('GC-14 %s answers 503 with Retry-After while the database is away', async (name, recipe) => {
    if (!lists(name, 503)) return expect(['getHealth', 'createGuestChallenge']).toContain(name);
    const response = await exercise(name, await recipe.call(system), system.away);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each(cases)(
    'GC-14 %s says with 429 and in headers what is left of a client’s requests',
    async (name, recipe) => {
      if (!lists(name, 429)) return;
      const call = await recipe.call(system);
      const response = await exercise(name, call, system.limited);
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      const good = await exercise(name, await recipe.call(system));
      expect(Number(good.headers.get('ratelimit-limit'))).toBe(1_000_000);
      expect(Number(good.headers.get('ratelimit-remaining'))).toBeLessThan(1_000_000);
      expect(Number(good.headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    },
  );
});

describe('routes of users', () => {
  it.each(withCredential('user'))('GC-15 %s lets nobody in without a token', async (name, recipe) => {
    const response = await exercise(name, authorized(await recipe.call(system), undefined));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(withCredential('user'))(
    'GC-15 %s lets nobody in with a token that is not good',
    async (name, recipe) => {
      for (const [what, token] of Object.entries(await system.badUserTokens())) {
        const response = await exercise(name, authorized(await recipe.call(system), `Bearer ${token}`));
        expect(response.status, what).toBe(401);
        expect(response.headers.get('www-authenticate'), what).toBe('Bearer error="invalid_token"');
      }
    },
  );

  it.each(withCredential('user'))('GC-15 %s is closed to a token without its scope', async (name, recipe) => {
    const { authorization } = await system.userHeaders({ scopes: [] });
    const response = await exercise(name, authorized(await recipe.call(system), authorization));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  it.each(cases.filter(([, { ofOrg }]) => ofOrg === true))(
    'GC-15 %s finds nothing of another organisation',
    async (name, recipe) => {
      const { authorization } = await system.userHeaders({ orgId: 'other' });
      const response = await exercise(name, authorized(await recipe.call(system), authorization));
      expect(response.status).toBe(404);
    },
  );

  it('GC-15 list nothing of another organisation, and make what only their own sees', async () => {
    const { authorization } = await system.userHeaders({ orgId: 'other' });
    const list = await RECIPES['listMeetings']?.call(system);
    if (list === undefined) throw new Error('No recipe');
    expect(await (await exercise('listMeetings', authorized(list, authorization))).json()).toEqual({
      meetings: [],
    });
  });
});

describe('routes of participants', () => {
  it.each(ofParticipants)('GC-15 %s takes a good join token of its meeting only', async (name, route) => {
    const id = await freshMeeting(system, { joined: true });
    const own = await hostToken(system, id);
    const elsewhere = await hostToken(system, await freshMeeting(system, { joined: true }));
    expect((await exercise(name, route.call(id, elsewhere))).status).toBe(route.elsewhere);
    const response = await exercise(name, route.call(id, own));
    expect(response.status, await response.clone().text()).toBe(200);
  });

  it.each(ofParticipants)(
    'GC-15 %s refuses with 401 a join token that proves nothing',
    async (name, route) => {
      const id = await freshMeeting(system, { joined: true });
      const inHeader = route.call(id, 'x').headers['authorization'] !== undefined;
      for (const [what, token] of Object.entries(await unprovenTokens(system, id))) {
        const response = await exercise(name, route.call(id, token));
        expect(response.status, what).toBe(401);
        if (inHeader)
          expect(response.headers.get('www-authenticate'), what).toBe('Bearer error="invalid_token"');
      }
      const without = await exercise(
        name,
        inHeader ? authorized(route.call(id, ''), undefined) : route.call(id, ''),
      );
      expect(without.status).toBe(inHeader ? 401 : 400);
    },
  );

  it.each(ofParticipants)('GC-15 %s refuses with 403 whoever may no longer act', async (name, route) => {
    const id = await freshMeeting(system, { joined: true });
    for (const [what, token] of Object.entries(await withdrawnTokens(system, id)))
      expect((await exercise(name, route.call(id, token))).status, what).toBe(403);
  });
});

describe('routes of nodes', () => {
  it.each(withCredential('node'))('GC-1 %s lets in nobody but nodes', async (name, recipe) => {
    const user = (await system.userHeaders())['authorization'];
    for (const authorization of [undefined, 'Bearer wrong', user]) {
      const response = await exercise(name, authorized(await recipe.call(system), authorization));
      expect(response.status).toBe(401);
    }
  });
});

/** Headers that every answer has, whatever it says. */
const ON_EVERY_ANSWER = ['content-type', 'cache-control', 'x-content-type-options'];

/** What is left of a client's requests is said of failures too that come after they were counted. */
function isBesides(header: string, status: number): boolean {
  return header.startsWith('ratelimit-') && status >= 400 && status !== 429;
}

describe('the routes together', () => {
  it('GC-15 are tested with the credentials that the document names, and only these are open by design', () => {
    const documented = operations.map(({ operationId, security = [] }): [string, string[]] => [
      operationId,
      security.flatMap((one) => (Object.keys(one).length === 0 ? [''] : Object.keys(one))).toSorted(),
    ]);
    const tested = cases.map(([name, recipe]): [string, string[]] => [name, schemesOf(recipe)]);
    expect(Object.fromEntries(tested)).toEqual(Object.fromEntries(documented));
    const named = (credential: Recipe['credential']) => withCredential(credential).map(([name]) => name);
    expect(named('none').toSorted()).toEqual(['createGuestChallenge', 'getHealth']);
    expect(named('body')).toEqual(['refreshJoin']);
    expect(ofParticipants.map(([name]) => name).toSorted()).toEqual(
      cases
        .filter(([, recipe]) => recipe.credential === 'body' || schemesOf(recipe).includes('joinToken'))
        .map(([name]) => name)
        .toSorted(),
    );
  });

  it('GC-14 are all in the document, and have all answered with each status that it lists, and with no other', () => {
    const documented = operations.map(({ operationId }) => operationId);
    expect(Object.keys(RECIPES).toSorted()).toEqual(documented.toSorted());
    const listed = operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    expect(listed.length).toBeGreaterThan(200);
    const seen = [...system.exercised].filter((entry) => entry !== 'getHealth 405');
    expect(listed.filter((entry) => !system.exercised.has(entry))).toEqual([]);
    expect(seen.filter((entry) => !listed.includes(entry))).toEqual([]);
  });

  it('GC-14 have all sent each header that the document names for a status, and no other that says something', () => {
    const listed = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { headers = {} }]) =>
        Object.keys(headers).map((name) => `${operationId} ${status} ${name.toLowerCase()}`),
      ),
    );
    expect(listed.length).toBeGreaterThan(150);
    const telling = [...system.headersSeen].filter((entry) => {
      const [name, status, header = ''] = entry.split(' ');
      if (`${name} ${status}` === 'getHealth 405') return false;
      return !ON_EVERY_ANSWER.includes(header) && !isBesides(header, Number(status));
    });
    expect(listed.filter((entry) => !system.headersSeen.has(entry))).toEqual([]);
    expect(telling.filter((entry) => !listed.includes(entry))).toEqual([]);
  });
});
