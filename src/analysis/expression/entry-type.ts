import {
  anyType,
  isAssignable,
  isInteger,
  isUnknown,
  plainListType,
  type StaticType,
  stringType,
} from './static-type.ts';

/** Type of what stands under a key in a list or map; a text that says what would be right when the key cannot fit. */
export function entryType(base: StaticType, key: StaticType): StaticType | string {
  if (base.kind === 'list') return isInteger(key) || isUnknown(key) ? base.element : 'a list and an int';
  if (base.kind !== 'map') return 'a list or a map and a key';
  const keyType = base.storage === 'plain' ? stringType : anyType;
  if (!isAssignable(key, keyType) && !isUnknown(key)) return 'a map and a text';
  return base.storage === 'groups' ? plainListType : anyType;
}
