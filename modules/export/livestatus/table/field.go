package table

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// field is a column that is not yet in a table: of a host, a service, a group. Joined to other tables it gets a prefix, and is
// empty where a row has no such thing.
type field[T any] struct {
	name, description string
	kind              Kind
	number            func(*Row, T) int64
	real              func(*Row, T) float64
	text              func(*Row, T) string
	list              func(*Row, T) []string
	dict              func(*Row, T) []monitor.Var
	value             func(*Row, T) any
}

// The fields of each kind.

func integer[T any](name, description string, f func(*Row, T) int64) field[T] {
	return field[T]{name: name, description: description, kind: Int, number: f}
}

func truth[T any](name, description string, f func(*Row, T) bool) field[T] {
	return integer(name, description, func(r *Row, of T) int64 { return bit(f(r, of)) })
}

func moment[T any](name, description string, f func(*Row, T) monitor.Time) field[T] {
	return field[T]{name: name, description: description, kind: Time, number: func(r *Row, of T) int64 { return int64(f(r, of) / 1e9) }}
}

func float[T any](name, description string, f func(*Row, T) float64) field[T] {
	return field[T]{name: name, description: description, kind: Float, real: f}
}

func text[T any](name, description string, f func(*Row, T) string) field[T] {
	return field[T]{name: name, description: description, kind: String, text: f}
}

func list[T any](name, description string, f func(*Row, T) []string) field[T] {
	return field[T]{name: name, description: description, kind: List, list: f}
}

// rich is a list that JSON shows with more than its elements' names.
func rich[T any](name, description string, f func(*Row, T) []string, value func(*Row, T) any) field[T] {
	return field[T]{name: name, description: description, kind: List, list: f, value: value}
}

func dict[T any](name, description string, f func(*Row, T) []monitor.Var) field[T] {
	return field[T]{name: name, description: description, kind: Dict, dict: f}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// columns gives fields as columns; of finds in a row what they are about, and is false where it has none.
func columns[T any](prefix string, of func(*Row) (T, bool), fields ...field[T]) []Column {
	all := make([]Column, len(fields))
	for i, f := range fields {
		all[i] = Column{
			Name: prefix + f.name, Description: f.description, Kind: f.kind,
			Int: join(of, f.number), Float: join(of, f.real), Text: join(of, f.text), List: join(of, f.list), Dict: join(of, f.dict),
			Value: joinValue(of, f.value),
		}
	}
	return all
}

// join gives the function of a column; nil for none.
func join[T, V any](of func(*Row) (T, bool), f func(*Row, T) V) func(*Row) V {
	if f == nil {
		return nil
	}
	return func(r *Row) V {
		t, ok := of(r)
		if !ok {
			var none V
			return none
		}
		return f(r, t)
	}
}

// joinValue is join for lists of lists, where there are empty ones.
func joinValue[T any](of func(*Row) (T, bool), f func(*Row, T) any) func(*Row) any {
	if f == nil {
		return nil
	}
	return func(r *Row) any {
		if t, ok := of(r); ok {
			return f(r, t)
		}
		return []any{}
	}
}

// sorted puts the columns of a table in order. Of two with one name the first counts.
func sorted(parts ...[]Column) []Column {
	all := slices.Concat(parts...)
	slices.SortStableFunc(all, func(a, b Column) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Column) bool { return a.Name == b.Name })
}

// What rows are about.

func theHost(r *Row) (*object, bool)    { return &r.host, r.host.inv != nil }
func theService(r *Row) (*object, bool) { return &r.service, r.service.inv != nil }
