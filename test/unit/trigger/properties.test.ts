import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import {
	DEFAULT_MAX_AGE_MINUTES,
	triggerProperties,
} from '../../../nodes/SendGrid/trigger/properties';

const property = (name: string) => triggerProperties.find((candidate) => candidate.name === name);

describe('the parameters', () => {
	it('offer every event type, and choose opens, clicks and bounces', () => {
		const events = property('events');
		const values = events?.options?.map((option) => 'value' in option && option.value);
		expect(values).toEqual(EVENT_TYPES.map(({ name }) => name));
		expect(values?.slice(0, 3)).toEqual(['open', 'click', 'bounce']);
		expect(events?.default).toEqual(['open', 'click', 'bounce']);
	});

	it('have a default that is one of the options', () => {
		for (const { name, type, options, default: value } of triggerProperties) {
			if (type !== 'options') continue;
			const values = options?.map((option) => 'value' in option && option.value);
			expect({ name, values }).toEqual({
				name,
				values: expect.arrayContaining([value]) as unknown,
			});
		}
	});

	it('ask for keys in manual setup only', () => {
		expect(property('verificationKeys')?.displayOptions).toEqual({ show: { setup: ['manual'] } });
	});

	it('allow posts to be 24 hours and a half old', () => {
		expect(DEFAULT_MAX_AGE_MINUTES).toBe(1470);
		const options = property('options')?.options ?? [];
		const maxAge = options.find((option) => option.name === 'maxAgeMinutes');
		expect(maxAge).toMatchObject({ default: 1470, typeOptions: { minValue: 1 } });
	});

	it('have no switch that turns verification off', () => {
		expect(JSON.stringify(triggerProperties)).not.toMatch(
			/(skip|disable|ignore|without).{0,20}verif/i,
		);
	});
});
