import type { Route } from '../router';
import { contactListRoutes } from './contactLists';
import { contactRoutes } from './contacts';
import { emailActivityRoutes } from './emailActivity';
import { emailValidationRoutes } from './emailValidation';
import { eventWebhookRoutes } from './eventWebhooks';
import { mailRoutes } from './mail';
import { scheduledSendRoutes } from './scheduledSends';
import { scopeRoutes } from './scopes';
import { senderRoutes } from './senders';
import { statisticsRoutes } from './statistics';
import { suppressionRoutes } from './suppressions';
import { templateRoutes } from './templates';
import { unsubscribeGroupRoutes } from './unsubscribeGroups';

/** Every endpoint of the stand-in. */
export const ROUTES: readonly Route[] = [
	...scopeRoutes,
	...eventWebhookRoutes,
	...mailRoutes,
	...scheduledSendRoutes,
	...suppressionRoutes,
	...unsubscribeGroupRoutes,
	...templateRoutes,
	...senderRoutes,
	...statisticsRoutes,
	...contactRoutes,
	...contactListRoutes,
	...emailActivityRoutes,
	...emailValidationRoutes,
];
