import { z } from 'zod';

/** The body of a route that takes none. */
export const NO_BODY: z.ZodNull = z.null();

/** What an admin credential may be allowed to do. */
export const PERMISSIONS = [
  'status:read',
  'keys:read',
  'keys:clear',
  'pools:read',
  'models:read',
  'consumers:read',
  'consumers:write',
  'logs:read',
  'configuration:read',
  'configuration:reload',
  'audit:read',
  'forecast:read',
  'alerts:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** The schemas of a route, for clients that know no schema library. */
export type Schema = z.ZodType;
/** What may be sent where a schema stands. */
export type InputOf<Of extends Schema> = z.input<Of>;
/** What arrives where a schema stands. */
export type OutputOf<Of extends Schema> = z.output<Of>;

/** One route of the admin API. A route that names no permission is no route. */
export interface AdminRoute<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1`; parameters as `{id}`. */
  readonly path: `/${string}`;
  readonly permission: Permission;
  readonly summary: string;
  readonly description?: string;
  readonly params: Params;
  readonly query: Query;
  /** `NO_BODY` where the route takes none. */
  readonly body: Body;
  /** True where the body may be left out altogether. */
  readonly bodyOptional?: boolean;
  /** Largest body, bytes; 1 MiB unless told. */
  readonly maxBodyBytes?: number;
  /** Status of success. */
  readonly status: 200 | 201;
  readonly response: Response;
  /** Codes of the error catalogue it can answer with, beside those that every route shares. */
  readonly errors?: readonly string[];
}

/** Where every route lives. */
export const ADMIN_BASE = '/api/v1';

/** Declares a route; its types follow from its schemas. */
export function adminRoute<
  const Params extends z.ZodType,
  const Query extends z.ZodType,
  const Body extends z.ZodType,
  const Response extends z.ZodType,
>(route: AdminRoute<Params, Query, Body, Response>): AdminRoute<Params, Query, Body, Response> {
  return Object.freeze(route);
}
