import { InvalidFieldError } from './invalidFieldError';

/**
 * Characters that nobody sees but that change what is read, by a mail server or by a person:
 * control characters, line breaks among them; spaces without width; marks that turn the direction
 * of writing; halves of a character.
 */
const INVISIBLE =
	/\p{Cc}|\p{Cf}|\p{Cs}|\u2028|\u2029|\u034f|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0/u;

/** Where such characters belong to what is written: emoji of several parts, and scripts that join. */
const LEGITIMATE = [
	/(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d(?=\p{Extended_Pictographic})/gu,
	/(?<=\u{1f3f4})[\u{e0030}-\u{e007a}]+\u{e007f}/gu,
	/(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}])[\u200c\u200d]/gu,
];

/**
 * Refuses text with characters that nobody sees, for what stands in the head of a mail.
 *
 * @param what what the text is, for the error: "name", "subject"
 */
export function checkVisible(text: string, field: string, what: string): void {
	// Nearly all text is plain.
	if (!INVISIBLE.test(text)) return;
	const rest = LEGITIMATE.reduce((left, pattern) => left.replace(pattern, ''), text);
	const found = INVISIBLE.exec(rest);
	if (found === null) return;
	const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
	const shown = text.replace(new RegExp(INVISIBLE.source, 'gu'), '␣');
	throw new InvalidFieldError(
		field,
		`Remove the ${nameOf(found[0])} (U+${code}) from the ${what} "${shown}". Nobody sees it there; ␣ shows where it is.`,
	);
}

function nameOf(character: string): string {
	if (/[\n\r\u2028\u2029]/.test(character)) return 'line break';
	return character === '\t' ? 'tab' : 'invisible character';
}
