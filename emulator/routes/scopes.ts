import { route } from '../router';
import type { Route } from '../router';

/** What a key may do; any valid key may ask. */
export const scopeRoutes: readonly Route[] = [
	route('GET', '/v3/scopes', [], ({ scopes }) => ({ status: 200, body: { scopes } })),
];
