import { fuzz } from '../../support/fuzz';

/** `npm run test:chaos -- --only fuzz` takes a million of them. */
const INPUTS = 10_000;
const SEED = 20_261_120;

test(`verifying, parsing and normalizing survive ${INPUTS} generated inputs (seed ${SEED})`, () => {
	fuzz({ seed: SEED, inputs: INPUTS });
});
