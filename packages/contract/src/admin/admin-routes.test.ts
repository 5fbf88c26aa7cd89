import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AdminRoute, NO_BODY, PERMISSIONS, adminRoute } from './admin-route.ts';
import { ADMIN_ROUTES } from './admin-routes.ts';
import { openApiDocument } from './openapi.ts';
import { snakeCased } from './snake-case.ts';

const ROUTES = Object.entries<AdminRoute>(ADMIN_ROUTES);

describe('the route table', () => {
  it.each(ROUTES)('%s names a permission, a summary and all its parameters', (_, route) => {
    expect(PERMISSIONS).toContain(route.permission);
    expect(route.summary).toMatch(/\.$/);
    const named = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(route.params instanceof z.ZodObject ? Object.keys(route.params.shape) : null).toEqual(
      named,
    );
    expect(route.method === 'POST' || route.body === NO_BODY).toBe(true);
  });

  it('has no two routes of the same method and path', () => {
    const places = ROUTES.map(([, route]) => `${route.method} ${route.path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('does not type-check a route without a permission', () => {
    const nothing = z.strictObject({});
    // @ts-expect-error -- the permission is part of a route's type
    const route = adminRoute({
      method: 'GET',
      path: '/x',
      summary: '',
      params: nothing,
      query: nothing,
      body: NO_BODY,
      status: 200,
      response: nothing,
    });
    expect(route.permission).toBeUndefined();
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument('1.2.3');

  it('holds every route with its permission, and only references that exist', () => {
    const text = JSON.stringify(document);
    for (const [name, route] of ROUTES) {
      expect(text).toContain(`"operationId":"${name}"`);
      expect(text).toContain(`"x-permission":"${route.permission}"`);
    }
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(references)).toEqual(new Set(['#/components/schemas/Problem']));
  });

  it('asks for the token everywhere', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', security: [{ token: [] }] });
  });
});

it('names outside are in snake_case, values untouched', () => {
  expect(snakeCased({ endsInMs: 1, list: [{ scopeId: 'aB' }], none: null, at: 'xY' })).toEqual({
    ends_in_ms: 1,
    list: [{ scope_id: 'aB' }],
    none: null,
    at: 'xY',
  });
});
