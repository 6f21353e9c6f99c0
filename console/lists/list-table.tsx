/** The table on a page that consists of a list. */
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { ApiError } from '../api/errors.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import type { List, ListPages } from './use-list.ts'

interface ListTableProps<Item> extends Omit<
  TableProps<Item>,
  'header' | 'pagination' | 'items' | 'loading' | 'loadingText'
> {
  readonly list: Pick<List<unknown>, 'value' | 'error' | 'isLoading' | 'reload'>
  readonly title: string
  /** Plural noun for the rows, such as `users`. */
  readonly noun: string
  readonly description?: string
  /** Number of rows in the list, formatted as in `(12)`. */
  readonly counter?: string
  readonly actions?: ReactNode
  /** Description of the page's action, for error messages. */
  readonly action?: string
  /** Problem with the filters. */
  readonly problem?: ApiError | undefined
  readonly items: readonly Item[]
  readonly pages?: ListPages | undefined
}

export function ListTable<Item>(props: ListTableProps<Item>): ReactNode {
  const { list, title, noun, description, counter, actions, problem, items, pages, ...rest } = props
  const { action = `List ${noun}`, filter, empty, ...table } = rest
  const { error = problem, reload } = list
  const isPage = table.variant === undefined
  return (
    <Table
      variant="full-page"
      stickyHeader
      wrapLines
      enableKeyboardNavigation
      {...table}
      ariaLabels={{ ...table.ariaLabels, tableLabel: title }}
      items={[...items]}
      loading={list.isLoading && list.value === undefined}
      loadingText={`Loading ${noun}`}
      header={
        <Header
          variant={isPage ? 'h1' : 'h2'}
          counter={counter}
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Reload the list" onClick={reload} />
              {actions}
            </SpaceBetween>
          }
        >
          {title}
        </Header>
      }
      filter={
        <SpaceBetween size="m">
          {filter}
          <ApiAlert error={error} action={action} onRetry={problem ? undefined : reload} />
        </SpaceBetween>
      }
      pagination={
        pages &&
        (isPage || pages.count > 1) && (
          <Pagination
            currentPageIndex={pages.current}
            pagesCount={pages.count}
            openEnd={pages.isOpen}
            disabled={list.isLoading}
            onChange={({ detail }) => pages.show(detail.currentPageIndex)}
          />
        )
      }
      empty={error === undefined && empty}
    />
  )
}
