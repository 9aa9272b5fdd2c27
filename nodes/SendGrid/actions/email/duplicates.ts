import { addressKey } from '../../fields/addresses';
import type { Personalization } from './mail';

/** Finds the personalizations to addresses that have one already. Each personalization has one recipient. */
export class DuplicateFilter {
	/** By address, the item that sends to it. */
	private readonly senders = new Map<string, number>();

	/** The personalizations to addresses that no item before has, each address once. */
	withoutDuplicates(personalizations: Personalization[]): Personalization[] {
		const own = new Set<string>();
		return personalizations.filter((personalization) => {
			const key = keyOf(personalization);
			if (this.senders.has(key) || own.has(key)) return false;
			own.add(key);
			return true;
		});
	}

	/** The item that sends to the recipient of a personalization. */
	senderOf(personalization: Personalization): number | undefined {
		return this.senders.get(keyOf(personalization));
	}

	remember(item: number, personalizations: Personalization[]): void {
		for (const personalization of personalizations) {
			this.senders.set(keyOf(personalization), item);
		}
	}
}

function keyOf({ to: [address] }: Personalization): string {
	return address === undefined ? '' : addressKey(address);
}
