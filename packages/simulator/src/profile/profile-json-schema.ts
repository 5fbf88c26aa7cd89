import { z } from 'zod';
import { profileSchema } from './profile-schema.ts';

/** The profile file as a JSON Schema, for editors: docs/reference/simulator-profile.schema.json. */
export const profileJsonSchema = (): unknown => ({
  ...z.toJSONSchema(profileSchema, { target: 'draft-2020-12', io: 'input' }),
  title: 'Simulator profile',
});
