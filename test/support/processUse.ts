import { readFile } from 'node:fs/promises';

/** The kernel counts the time of a process in hundredths of a second. */
const MS_PER_TICK = 10;

/** The memory that a process holds, in bytes; not a number where the system does not tell. */
export async function residentBytes(processId: number): Promise<number> {
	try {
		const status = await readFile(`/proc/${processId}/status`, 'utf8');
		return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
	} catch {
		return NaN;
	}
}

/** How long a process has computed, in milliseconds; not a number where the system does not tell. */
export async function computedMs(processId: number): Promise<number> {
	try {
		const stat = await readFile(`/proc/${processId}/stat`, 'utf8');
		// What precedes is the program's name in brackets, which may hold spaces.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
	} catch {
		return NaN;
	}
}
