/** There are no more slots than this to begin with. */
const MAX_FIRST_SLOTS = 512;

/** Beyond this share of used slots, looking for a hash takes more and more steps. */
const MAX_LOAD = 0.75;

/**
 * A set of 64-bit hashes, each given as two numbers of 32 bits: 8 bytes a slot, where a `Set` of the
 * texts takes about 100 for each. Knows adding and asking only.
 */
export class HashSet {
	/** Low and high half of each slot in turn; both zero in a free one. */
	private slots: Uint32Array;
	private count = 0;

	/** @param usualSize how many hashes it takes before it becomes larger than that many need */
	constructor(usualSize: number) {
		let slotCount = Math.ceil(usualSize / MAX_LOAD) + 1;
		while (slotCount > MAX_FIRST_SLOTS) slotCount = Math.ceil(slotCount / 2);
		this.slots = new Uint32Array(2 * slotCount);
	}

	get size(): number {
		return this.count;
	}

	has(low: number, high: number): boolean {
		return this.slots[this.find(low, high) + 1] !== 0;
	}

	add(low: number, high: number): void {
		let index = this.find(low, high);
		if (this.slots[index + 1] !== 0) return;
		if (this.count + 1 > MAX_LOAD * this.slotCount) {
			this.grow();
			index = this.find(low, high);
		}
		this.put(index, low, high);
		this.count++;
	}

	private get slotCount(): number {
		return this.slots.length / 2;
	}

	private put(index: number, low: number, high: number): void {
		this.slots[index] = low;
		this.slots[index + 1] = marked(high);
	}

	/** Where the hash is, or else the free slot in which it belongs. */
	private find(low: number, high: number): number {
		const { slots, slotCount } = this;
		const wanted = marked(high);
		let index = 2 * Math.floor((low * slotCount) / 2 ** 32);
		while (slots[index + 1] !== 0 && (slots[index] !== low || slots[index + 1] !== wanted)) {
			index += 2;
			if (index === slots.length) index = 0;
		}
		return index;
	}

	private grow(): void {
		const old = this.slots;
		this.slots = new Uint32Array(2 * old.length);
		for (let index = 0; index < old.length; index += 2) {
			const [low, high] = [old[index]!, old[index + 1]!];
			if (high !== 0) this.put(this.find(low, high), low, high);
		}
	}
}

/** A zero would look like a free slot. */
function marked(high: number): number {
	return high === 0 ? 1 : high;
}
