import { Type, type TUnsafe } from 'typebox';

import { podTemplateSchema, type PodTemplateSpec } from './pod-template.ts';

/** Pod template as the schemas of other resources embed it. */
export const podTemplateField: TUnsafe<PodTemplateSpec> = Type.Unsafe({ ...podTemplateSchema });
