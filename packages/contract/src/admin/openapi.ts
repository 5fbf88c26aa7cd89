import { ERRORS } from '@keywell/core/errors/catalogue';
import { z } from 'zod';
import { ADMIN_BASE, type AdminRoute, NO_BODY } from './admin-route.ts';
import { ADMIN_ROUTES } from './admin-routes.ts';
import { problemSchema } from './admin-schemas.ts';

/** Codes that every route can answer with. */
const SHARED_ERRORS = [
  'missing_credentials',
  'invalid_credentials',
  'host_not_allowed',
  'internal_error',
];
const BODY_ERRORS = [
  'malformed_json',
  'invalid_parameter',
  'payload_too_large',
  'unsupported_media_type',
];

type Json = Readonly<Record<string, unknown>>;

/** The admin API as OpenAPI 3.1, from the route table. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries<AdminRoute>(ADMIN_ROUTES)) {
    const path = `${ADMIN_BASE}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keywell admin API',
      version,
      description:
        'Instants (`_at`) are epoch milliseconds, durations (`_ms`) milliseconds. Errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8081' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The admin token of the data folder.',
        },
      },
      schemas: { Problem: schemaOf(problemSchema, 'output') },
    },
  };
}

function operation(name: string, route: AdminRoute): Json {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  return {
    operationId: name,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    'x-permission': route.permission,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === NO_BODY
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
          },
        }),
    responses: {
      [route.status]: {
        description: 'Done.',
        content: { 'application/json': { schema: schemaOf(route.response, 'output') } },
      },
      ...errorResponses(route),
    },
  };
}

function errorResponses(route: AdminRoute): Record<string, Json> {
  const codes = [...SHARED_ERRORS, ...(route.errors ?? [])];
  if (route.body !== NO_BODY) codes.push(...BODY_ERRORS);
  else if (parametersOf(route.query, 'query').length > 0) codes.push('invalid_parameter');
  const byStatus = new Map<number, string[]>();
  for (const [code, row] of Object.entries(ERRORS)) {
    if (!codes.includes(code)) continue;
    byStatus.set(row.status, [...(byStatus.get(row.status) ?? []), `${code}: ${row.title}`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      String(status),
      {
        description: lines.join(' '),
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    ]),
  );
}

function parametersOf(schema: z.ZodType, place: 'path' | 'query'): readonly Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(schema.shape).map(([name, field]) => {
    const described = schemaOf(field, 'input');
    const required = place === 'path' || !field.safeParse(undefined).success;
    return { name, in: place, required, schema: described };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // zod bounds integers by what a double can hold, which says nothing to a reader
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return rest;
}
