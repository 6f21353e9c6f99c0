/** The settings in effect, without their secrets. */
import { mayContainPassword, variableOf, type Flags, type SettingName } from './read-setting.ts'
import { redacted, type Setting } from './setting.ts'
import { settingGroups } from './setting-groups.ts'
import { settings } from './settings-table.ts'

export interface EffectiveSetting {
  /** Name of the flag, without leading hyphens. */
  readonly name: string
  readonly group: string
  /** Value of the setting; undefined if there is neither a value nor a default. Secret settings are redacted. */
  readonly value: string | undefined
  readonly source: 'FLAG' | 'ENVIRONMENT' | 'DEFAULT'
}

/** Returns every setting with its value and source, in groups. The table of settings determines which values are secret. */
export function effectiveSettings(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
): EffectiveSetting[] {
  return Object.entries(settingGroups).flatMap(([group, names]) =>
    names.map((name: SettingName) => {
      const { flag, fallback, redact } = settings[name] as Setting<unknown>
      const given = flags[name]
      const variable = environment[variableOf(flag)]
      const text = given ?? variable
      const source =
        given !== undefined ? 'FLAG' : variable !== undefined ? 'ENVIRONMENT' : 'DEFAULT'
      const value = text === undefined ? fallback : (redact ?? redactPassword)(text)
      return { name: flag, group, value, source }
    }),
  )
}

function redactPassword(text: string): string {
  return mayContainPassword(text) ? redacted : text
}
