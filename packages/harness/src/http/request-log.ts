import type { MiddlewareHandler } from 'hono';
import type { Log } from '../log.ts';
import type { Env } from './guards.ts';

/** Logs each request once its answer begins. By its route: a path may hold the token. */
export function logRequests(log: Log): MiddlewareHandler<Env> {
  return async (context, next) => {
    const start = performance.now();
    await next();
    const { method, routePath } = context.req;
    const ms = Math.round(performance.now() - start);
    log('http.request', { method, route: routePath, status: context.res.status, ms });
  };
}
