/** The order of the curve P-256, n in the standards: signatures (r, s) and (r, n - s) are twins. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Reads r and s out of a signature: base64 of `SEQUENCE { INTEGER r, INTEGER s }`. */
export function readSignature(base64: string): { r: bigint; s: bigint } {
	const der = Buffer.from(base64, 'base64');
	const rLength = der[3]!;
	const sStart = 4 + rLength + 2;
	return {
		r: BigInt(`0x${der.subarray(4, 4 + rLength).toString('hex')}`),
		s: BigInt(`0x${der.subarray(sStart).toString('hex')}`),
	};
}

/** Writes a signature from any r and s that are not negative, valid ones or not. */
export function derSignature(r: bigint, s: bigint): string {
	const integers = Buffer.concat([integer(r), integer(s)]);
	return Buffer.concat([Buffer.from([0x30, integers.length]), integers]).toString('base64');
}

function integer(value: bigint): Buffer {
	const hex = value.toString(16);
	const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
	// A leading bit of 1 would make the number negative.
	const unsigned = bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
	return Buffer.concat([Buffer.from([0x02, unsigned.length]), unsigned]);
}
