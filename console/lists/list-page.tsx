/** A page that loads one of the account's lists completely, such as the users, and filters the list in the browser. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { listAll } from '../api/client.ts'
import type { OperationName, Outputs } from '../api/types.ts'
import { Command, Empty } from '../widgets/values.tsx'
import { ListFilters } from './list-filters.tsx'
import { ListTable } from './list-table.tsx'
import { viewList, type ListOptions } from './list-view.ts'
import { pagesInAddress, useList } from './use-list.ts'

/** Maximum number of rows to load. */
const rowsMax = 5000

/** A table column, which can be sorted if a sort key has the column's ID. */
export type ListColumn<Item> = TableProps.ColumnDefinition<Item> & { readonly id: string }

interface ListPageProps<Name extends OperationName, Item> extends ListOptions<Item> {
  readonly path: string
  readonly title: string
  readonly description: string
  /** Plural noun for the rows, such as `users`. */
  readonly noun: string
  readonly operation: Name
  readonly itemsOf: (output: Outputs[Name]) => readonly Item[]
  readonly actions?: ReactNode
  /** Content shown above the list. */
  readonly notice?: ReactNode
  readonly columns: readonly ListColumn<Item>[]
  readonly trackBy: (item: Item) => string
  /** Content shown for an empty list: text, or the command that creates the first row. */
  readonly empty: string | { readonly command: string }
}

export function ListPage<Name extends OperationName, Item>(
  props: ListPageProps<Name, Item>,
): ReactNode {
  const { path, noun, operation, itemsOf, columns, empty, notice, ...rest } = props
  const { textOf, filters, sortKeys, ...table } = rest
  const list = useList(path, {
    filters: '',
    load: (client, { signal }) =>
      listAll(client, operation, { signal, limit: rowsMax, items: itemsOf }),
  })
  const { items: all = [], nextToken } = list.value ?? {}
  const view = viewList(all, list.query, { textOf, filters, sortKeys })
  const isComplete = nextToken === undefined
  return (
    <ListTable
      {...table}
      list={list}
      noun={noun}
      counter={list.value === undefined ? '' : `(${all.length}${isComplete ? '' : '+'})`}
      filter={
        <SpaceBetween size="m">
          {notice}
          <ListFilters
            list={list}
            noun={noun}
            filters={filters}
            countText={view.isFiltered ? `${view.matching} of ${all.length}` : ''}
          />
        </SpaceBetween>
      }
      pages={pagesInAddress(view, list)}
      items={view.items}
      columnDefinitions={columns.map((column) => ({
        ...column,
        ...(Object.hasOwn(sortKeys, column.id) && { sortingField: column.id }),
      }))}
      {...(view.sortedBy !== undefined && { sortingColumn: { sortingField: view.sortedBy } })}
      sortingDescending={view.isDescending}
      onSortingChange={({ detail: { sortingColumn, isDescending } }) =>
        list.change({
          sort: `${isDescending === true ? '-' : ''}${sortingColumn.sortingField ?? ''}`,
        })
      }
      footer={
        isComplete ? undefined : (
          <Alert type="info">
            The list contains the first {all.length} {noun}. The filters search only these.
          </Alert>
        )
      }
      empty={
        view.isFiltered ? (
          <Empty
            title={`No ${noun} match the filter`}
            action={<Button onClick={list.clear}>Clear the filter</Button>}
          >
            Change the filter.
          </Empty>
        ) : typeof empty === 'string' ? (
          <Empty title={`No ${noun}`}>{empty}</Empty>
        ) : (
          <Empty title={`No ${noun}`} action={<Command text={empty.command} />}>
            The console cannot create {noun}. Run this command on the server:
          </Empty>
        )
      }
    />
  )
}
