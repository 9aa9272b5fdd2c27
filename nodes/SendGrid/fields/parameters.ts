import type {
	IDataObject,
	IExecuteFunctions,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { parseAddress, parseAddresses, type Address } from './addresses';
import {
	booleanValue,
	jsonObject,
	optionList,
	optionValue,
	requiredText,
	textList,
	textValue,
	wholeNumber,
} from './values';

/*
 * One reader for each kind of parameter. An expression can give anything for any of them: text for
 * a switch, a list for a text, nothing at all. Each reader takes what it can mean without guessing,
 * and otherwise throws an InvalidFieldError that names the field and what it expects.
 */

/** A parameter of the node; the name in the form and what is possible are taken from it. */
type Parameter = Pick<INodeProperties, 'name' | 'displayName' | 'options' | 'typeOptions'>;

const valueOf = (context: IExecuteFunctions, item: number, { name }: Parameter): unknown =>
	context.getNodeParameter(name, item, '');

/** Text without spaces around it; empty if there is none. */
export function readText(context: IExecuteFunctions, item: number, parameter: Parameter): string {
	return textValue(valueOf(context, item, parameter), parameter.displayName).trim();
}

/**
 * Text that has to be there, also chosen from a list.
 *
 * @param remedy what to do if it is empty, in the user's words
 */
export function readRequiredText(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
	remedy: string,
): string {
	return requiredText(valueOf(context, item, parameter), parameter.displayName, remedy);
}

/** Texts separated by commas, or a list of them. */
export function readTextList(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): string[] {
	return textList(valueOf(context, item, parameter), parameter.displayName);
}

/** A switch. */
export function readBoolean(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): boolean {
	return booleanValue(valueOf(context, item, parameter), parameter.displayName);
}

/** A whole number within the bounds of the parameter's `typeOptions`. */
export function readWholeNumber(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): number {
	const { displayName, typeOptions } = parameter;
	return wholeNumber(valueOf(context, item, parameter), displayName, typeOptions);
}

/** One of the parameter's options. */
export function readOption(context: IExecuteFunctions, item: number, parameter: Parameter): string {
	return optionValue(valueOf(context, item, parameter), parameter.displayName, choiceOf(parameter));
}

/** Several of the parameter's options, each once. */
export function readOptions(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): string[] {
	return optionList(valueOf(context, item, parameter), parameter.displayName, choiceOf(parameter));
}

/** An object, also as JSON text. */
export function readJsonObject(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): IDataObject {
	return jsonObject(valueOf(context, item, parameter), parameter.displayName);
}

/** Exactly one address. */
export function readAddress(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): Address {
	return parseAddress(valueOf(context, item, parameter), parameter.displayName);
}

/** Any number of addresses. */
export function readAddresses(
	context: IExecuteFunctions,
	item: number,
	parameter: Parameter,
): Address[] {
	return parseAddresses(valueOf(context, item, parameter), parameter.displayName);
}

function choiceOf({ options = [] }: Parameter): string[] {
	return (options as INodePropertyOptions[]).map(({ value }) => String(value));
}
