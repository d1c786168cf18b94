import type { Static } from 'typebox';

import { closed, named, pattern } from './request-schema.ts';

const nameText = pattern('^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$', 'name of an object');
const namespaceText = pattern('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', 'name of a namespace');

/** Path of one object. */
export const objectPath = named({ namespace: namespaceText, name: nameText });

/** Query of a list. */
export const listQuery = closed({}, { namespace: namespaceText });

/** Path of one object, as a type. */
export type ObjectPath = Static<typeof objectPath>;

/** Query of a list, as a type. */
export type ListParameters = Static<typeof listQuery>;
