package table

import (
	"maps"
	"slices"
)

// Tables gives all tables, by name. They may be used by any number of goroutines at once.
func Tables() map[string]*Table {
	all := map[string]*Table{}
	indexes := &indexes{}
	for _, t := range append(
		indexes.byGroupTables(),
		indexes.hostTable(), indexes.serviceTable(), indexes.statusTable(), indexes.hostgroupTable(), indexes.servicegroupTable(),
		indexes.contactTable(), indexes.contactgroupTable(), indexes.commandTable(), indexes.timeperiodTable(),
		indexes.commentTable(), indexes.downtimeTable(), indexes.logTable(),
	) {
		all[t.Name] = t
	}
	columns := indexes.columnTable(all)
	all[columns.Name] = columns
	return all
}

// row begins the rows of a query.
func (all *indexes) row(w *World) *Row { return &Row{World: w, x: all.of(w.Catalog)} }

func (all *indexes) hostTable() *Table {
	return &Table{
		Name: "hosts", Prefix: "host_", Columns: sorted(columns("", theHost, hostFields()...)),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			r := all.row(w)
			r.guard = newGuard(r.x, n)
			r.eachHost(n, r.guard, func() bool { return yield(r) })
		},
		Find: all.find(false),
	}
}

func (all *indexes) serviceTable() *Table {
	return &Table{
		Name: "services", Prefix: "service_", Columns: sorted(columns("", theService, serviceFields()...), columns("host_", theHost, hostFields()...)),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			r := all.row(w)
			r.guard = newGuard(r.x, n)
			r.eachService(n, r.guard, func() bool { return yield(r) })
		},
		Find: all.find(true),
	}
}

// find gives the Find of a table of hosts or of services.
func (all *indexes) find(service bool) func(w *World, n Narrow, object string) (*Row, bool) {
	return func(w *World, n Narrow, object string) (*Row, bool) {
		r := all.row(w)
		r.guard = newGuard(r.x, n)
		return r, r.find(object, service)
	}
}

// columnTable tells of the columns of all tables, those of its own included.
func (all *indexes) columnTable(tables map[string]*Table) *Table {
	t := &Table{Name: "columns"}
	about := func(r *Row) (*Row, bool) { return r, r.column != nil }
	t.Columns = sorted(columns(
		"", about,
		text("table", "the name of the table", func(_ *Row, of *Row) string { return of.table }),
		text("name", "the name of the column", func(_ *Row, of *Row) string { return of.column.Name }),
		text("description", "what the column shows", func(_ *Row, of *Row) string { return of.column.Description }),
		text("type", "the kind of its values: int, float, string, list, time or dict", func(_ *Row, of *Row) string { return of.column.Kind.String() }),
	))
	t.Each = func(w *World, _ Narrow, yield func(*Row) bool) {
		r := &Row{World: w}
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			for i := range tables[name].Columns {
				if r.table, r.column = name, &tables[name].Columns[i]; !yield(r) {
					return
				}
			}
		}
	}
	return t
}
