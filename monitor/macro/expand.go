package macro

import (
	"bytes"
	"slices"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// expander is one run of Append.
type expander struct {
	resolver Resolver
	start    int
	// open holds the macros whose values are being looked through.
	open  [maxDepth]opened
	depth int
	// nested counts the macros that were found inside values.
	nested int
	// line is set while values that are data have to be quoted; at is the place in the command line then.
	line, defuse bool
	at           cmdline.Context
	// last is set at the last macro of the text: where its value ends does not matter any more.
	last bool
}

// opened names a macro: Macro.Name and Of.
type opened struct {
	name string
	of   []string
}

// pass moves the place to behind a literal text.
func (x *expander) pass(p *piece) {
	if x.at == p.before {
		x.at = p.after
		return
	}
	x.at.Scan(p.text)
}

// own takes dst[begin:] for the author's own text: it may be syntax.
func (x *expander) own(dst []byte, begin int) []byte {
	if x.line {
		x.at.ScanBytes(dst[begin:])
	}
	return dst
}

// data takes dst[begin:] for a value that is to stay what it is.
func (x *expander) data(dst []byte, begin int) []byte {
	if !x.line {
		return dst
	}
	if x.defuse {
		dst = cmdline.Defuse(dst, begin)
	}
	return x.at.Quote(dst, begin)
}

// append appends the value of m, with the macros in it replaced.
func (x *expander) append(dst []byte, m *Macro, how property) []byte {
	begin := len(dst)
	if x.depth > 0 {
		if x.nested++; x.nested > maxNested || x.isOpen(m) {
			return x.own(m.appendText(dst), begin)
		}
	}
	dst, answer := x.resolver.AppendMacro(dst, *m)
	nests := how&nesting != 0 && x.depth < maxDepth && bytes.IndexByte(dst[begin:], '$') >= 0
	own := how&asWritten != 0
	switch {
	case answer == Missing:
		return x.own(m.appendText(dst[:begin]), begin)
	case answer == List:
		return x.list(dst, begin, m)
	case answer == Foreign:
		return x.data(dst, begin)
	case own && nests:
		return x.expand(dst, begin, m)
	case own && x.last && x.depth == 0:
		return dst
	case own:
		return x.own(dst, begin)
	case nests:
		dst = x.raw(dst, begin, m)
	}
	return x.data(dst, begin)
}

// raw replaces the macros in a value that is quoted as a whole afterwards.
func (x *expander) raw(dst []byte, begin int, m *Macro) []byte {
	line := x.line
	x.line = false
	dst = x.expand(dst, begin, m)
	x.line = line
	return dst
}

// list puts a separator between the values in dst[begin:], each of which ends with a NUL byte. It is built behind them
// and then moved over them.
func (x *expander) list(dst []byte, begin int, m *Macro) []byte {
	end := len(dst)
	for at := begin; at < end; {
		n := bytes.IndexByte(dst[at:end], 0)
		if n < 0 {
			break
		}
		from := len(dst)
		if at > begin {
			dst = x.own(append(dst, m.Of[1]...), from)
			from = len(dst)
		}
		if dst = append(dst, dst[at:at+n]...); m.Kind == Standard && m.Own() {
			dst = x.own(dst, from)
		} else {
			dst = x.data(dst, from)
		}
		at += n + 1
	}
	return append(dst[:begin], dst[end:]...)
}

// expand replaces the macros in dst[begin:], the value of m. The new text is put together behind the value and then moved
// over it.
func (x *expander) expand(dst []byte, begin int, m *Macro) []byte {
	x.open[x.depth] = opened{m.Name, m.Of}
	x.depth++
	end := len(dst)
	for at := begin; at < end; {
		from := len(dst)
		i := bytes.IndexByte(dst[at:end], '$')
		if i < 0 || len(dst)-x.start > MaxExpansion {
			dst = x.own(append(dst, dst[at:end]...), from)
			break
		}
		dst = x.own(append(dst, dst[at:at+i]...), from)
		at += i
		dst, at = x.dollar(dst, at, end, m.Kind == Arg)
	}
	x.depth--
	return append(dst[:begin], dst[end:]...)
}

// dollar appends what the dollar sign at dst[at] stands for in a value that ends at end, and gives where to go on.
func (x *expander) dollar(dst []byte, at, end int, doubled bool) ([]byte, int) {
	from, rest := len(dst), dst[at+1:end]
	if len(rest) > 0 && rest[0] == '$' {
		if doubled {
			return x.own(append(dst, '$'), from), at + 2
		}
		return x.own(append(dst, '$', '$'), from), at + 2
	}
	if n := bytes.IndexByte(rest, '$'); n > 0 {
		if m, ok := parseBytes(rest[:n]); ok {
			return x.append(dst, &m, m.properties()), at + n + 2
		}
	}
	return x.own(append(dst, '$'), from), at + 1
}

func (x *expander) isOpen(m *Macro) bool {
	for i := range x.depth {
		if o := &x.open[i]; o.name == m.Name && slices.Equal(o.of, m.Of) {
			return true
		}
	}
	return false
}
