import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';

/** A profile of AWS' shared files: its settings by their name in small letters. */
export type AwsProfile = Readonly<Record<string, string>>;

/** Where the files are, and how they are read. */
export interface SharedProfileSources {
  readonly clock: Clock;
  /** AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name the files, else they are in `.aws` of HOME. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string, signal: AbortSignal) => Promise<string>;
}

/** How long what was read counts: keys in a file are renewed by others. */
const ageMsMax = 60_000;

/** The profiles of AWS' shared files, read when they are needed. A file that is not there is empty. */
export class SharedProfiles {
  readonly #sources: SharedProfileSources;
  #known: { readonly profiles: ReadonlyMap<string, AwsProfile>; readonly readAtMs: number } | undefined;

  constructor(sources: SharedProfileSources) {
    this.#sources = sources;
  }

  /** A profile by its name. Fails with Unauthorized when there is none. */
  async named(name: string, signal: AbortSignal): Promise<AwsProfile> {
    const profiles = await this.#read(signal);
    const profile = profiles.get(name);
    if (profile !== undefined) return profile;
    const names = [...profiles.keys()].join(', ');
    const others = names === '' ? 'there are none' : `there are: ${names}`;
    throw new SluiceError(
      'Unauthorized',
      `there is no AWS profile "${name}" in ${this.#files().join(' or ')}; ${others}`,
    );
  }

  /** The profile that counts when none is named, if it has credentials or AWS_PROFILE names it. */
  async defaultName(signal: AbortSignal): Promise<string | undefined> {
    const named = this.#sources.environment['AWS_PROFILE'] ?? '';
    if (named !== '') return named;
    const profile = (await this.#read(signal)).get('default') ?? {};
    return 'aws_access_key_id' in profile || 'role_arn' in profile ? 'default' : undefined;
  }

  /** The region of a profile, else that of the environment or of the default profile; empty when there is none. */
  async region(name: string | undefined, signal: AbortSignal): Promise<string> {
    const {
      AWS_REGION: region = '',
      AWS_DEFAULT_REGION: other = '',
      AWS_PROFILE: profile = '',
    } = this.#sources.environment;
    const own = region === '' ? other : region;
    if (name === undefined && own !== '') return own;
    const fallback = profile === '' ? 'default' : profile;
    return (await this.#read(signal)).get(name ?? fallback)?.['region'] ?? own;
  }

  #files(): readonly string[] {
    const { environment } = this.#sources;
    const folder = `${environment['HOME'] ?? environment['USERPROFILE'] ?? '~'}/.aws`;
    const pathOf = (variable: string, name: string): string => {
      const given = environment[variable] ?? '';
      return given === '' ? `${folder}/${name}` : given;
    };
    return [pathOf('AWS_SHARED_CREDENTIALS_FILE', 'credentials'), pathOf('AWS_CONFIG_FILE', 'config')];
  }

  async #read(signal: AbortSignal): Promise<ReadonlyMap<string, AwsProfile>> {
    const { clock } = this.#sources;
    const now = clock.monotonic();
    if (this.#known !== undefined && now - this.#known.readAtMs < ageMsMax) return this.#known.profiles;
    const texts = await Promise.all(this.#files().map((path) => this.#readOne(path, signal)));
    const profiles = parseSharedProfiles(texts[0] ?? '', texts[1] ?? '');
    this.#known = { profiles, readAtMs: now };
    return profiles;
  }

  async #readOne(path: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.#sources.readFile(path, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      if (signal.aborted) throw error;
      throw new SluiceError('Unauthorized', `the AWS profiles: ${messageOf(error)}`);
    }
  }
}

/**
 * The profiles of AWS' shared files (AWS SDKs and Tools Reference Guide, "Shared config and credentials files"). In the
 * config file they stand under `[profile NAME]` or `[default]`, in the credentials file under `[NAME]`; of a setting
 * that is in both the credentials file counts. Lines that are no settings are left out.
 */
export function parseSharedProfiles(credentialsText: string, configText: string): ReadonlyMap<string, AwsProfile> {
  const profiles = new Map<string, Record<string, string>>();
  const add = ({ section, name, value }: Setting, isConfig: boolean): void => {
    const profile = isConfig ? configProfile(section) : section;
    if (profile === undefined) return;
    const settings = profiles.get(profile) ?? {};
    settings[name] = value;
    profiles.set(profile, settings);
  };
  for (const setting of settingsOf(configText)) add(setting, true);
  for (const setting of settingsOf(credentialsText)) add(setting, false);
  return profiles;
}

interface Setting {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** Other sections of the config file are about services and sign-on sessions. */
function configProfile(section: string): string | undefined {
  if (section === 'default') return section;
  return /^profile\s+(.+)$/.exec(section)?.[1]?.trim();
}

function settingsOf(text: string): readonly Setting[] {
  const settings: Setting[] = [];
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    // Settings of a setting are indented; none of them is about credentials. A comment has a line of its own.
    if (/^(?:\s|[#;]|$)/.test(line)) continue;
    const heading = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (heading !== undefined) {
      section = unquoted(heading.trim());
      continue;
    }
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    // Behind a blank a sign of a comment begins one.
    const plain = value.replace(/\s[#;].*$/, '').trim();
    if (name.trim() !== '' && section !== '') settings.push({ section, name: name.trim().toLowerCase(), value: plain });
  }
  return settings;
}

/** Names with blanks stand in quotes: `profile "my team"`. */
function unquoted(heading: string): string {
  return heading.replaceAll(/["']/g, '');
}
