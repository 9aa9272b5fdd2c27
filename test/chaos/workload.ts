import type { WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import type { Stage } from './stage';

/**
 * A workflow of one's own, put through the same faults as the built-in one. Without one, the
 * workflow under test calls the collector and nothing else.
 */
export interface Workload {
	/** What it does, for a title. */
	name?: string;

	/**
	 * Makes the workflow, and whatever it needs: credentials, tables.
	 *
	 * @param base the trigger, named `TRIGGER`, wired to a node that calls the collector. Keep both:
	 *   some faults are timed by the collector's calls.
	 */
	build(base: WorkflowDefinition, stage: Stage): WorkflowDefinition | Promise<WorkflowDefinition>;

	/**
	 * Looks at what the workflow has left behind once everything was delivered.
	 *
	 * @param eventIds each event that was posted, once
	 * @returns what is wrong, a sentence each; nothing when all is right
	 */
	check(eventIds: readonly string[], stage: Stage): Promise<string[]>;
}
