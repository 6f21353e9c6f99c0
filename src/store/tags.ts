import type { Authority } from '../authority/authority.ts'
import type { Tag } from '../authority/tags.ts'
import { integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

/** Stores a tag of a CA. The value of an existing tag with the same key is replaced. */
export function putTag(authorityId: string, tag: Tag): Sql {
  return changing(
    { table: 'tags', key: [authorityId, tag.key] },
    sql`insert into tags (authority_number, tag_key, tag_value)
    select authority_number, ${tag.key}, ${tag.value ?? null} from authorities
    where id = ${authorityId}
    on conflict (authority_number, tag_key) do update set tag_value = excluded.tag_value`,
  )
}

/** The statement conflicts, and the transaction is rolled back, if the CA has more than `countMax` tags. */
export function requireTagCount(authorityNumber: number, countMax: number): Sql {
  return guard(
    'quota',
    sql`select count(*) as tag_count from tags where authority_number = ${authorityNumber}
      having count(*) <= ${countMax}`,
  )
}

/** Deletes a tag by its key. If a value is given, the tag is deleted only if it has that value. */
export function deleteTag(authority: Pick<Authority, 'id' | 'number'>, tag: Tag): Sql {
  const authorityNumber = authority.number
  return changing(
    { table: 'tags', key: [authority.id, tag.key] },
    tag.value === undefined
      ? sql`delete from tags where authority_number = ${authorityNumber} and tag_key = ${tag.key}`
      : sql`delete from tags where authority_number = ${authorityNumber} and tag_key = ${tag.key}
        and tag_value = ${tag.value}`,
  )
}

/** Lists the tags of a CA that follow the key `after`, sorted by key. */
export async function listTags(
  db: Database,
  authorityNumber: number,
  page: { readonly after: string; readonly limit: number },
): Promise<Tag[]> {
  const rows = await db.query(
    sql`select tag_key, tag_value from tags
      where authority_number = ${authorityNumber} and tag_key > ${page.after}
      order by tag_key limit ${page.limit}`,
  )
  return rows.map(tagOfRow)
}

/** Lists all tags on a CA of an account. Returns no rows if the account does not have the CA. */
export async function listTagsOf(
  db: Database,
  { id, accountId }: { readonly id: string; readonly accountId: string },
): Promise<Tag[]> {
  const rows = await db.query(
    sql`select tag_key, tag_value from tags join authorities using (authority_number)
      where id = ${id} and account_id = ${accountId}`,
  )
  return rows.map(tagOfRow)
}

/** Lists the CAs of an account in a Region, with their tags. */
export async function listTaggedAuthorities(
  db: Database,
  { accountId, region }: { readonly accountId: string; readonly region: string },
) {
  const rows = await db.query(
    sql`select authority_number, id, tag_key, tag_value
      from authorities left join tags using (authority_number)
      where account_id = ${accountId} and region = ${region}`,
  )
  const rowsOf = Map.groupBy(rows, (row) => integerOf(row, 'authority_number'))
  return [...rowsOf].map(([number, own]) => ({
    number,
    id: textOf(own[0] ?? {}, 'id'),
    tags: own.filter((row) => row['tag_key'] !== null).map(tagOfRow),
  }))
}

function tagOfRow(row: Row): Tag {
  return {
    key: textOf(row, 'tag_key'),
    value: optionalTextOf(row, 'tag_value'),
  }
}
