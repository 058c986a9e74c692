package graphite

import (
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// paths says how a metric is called, but for the metric's own part, which comes last. Each is a list of the words below;
// words that stand for nothing leave no dot behind.
type paths struct {
	host, service             []string
	prefix, source, hostCheck string
}

// The words of a path, as Shinken puts them together: for hosts its hostcheck stands before the source, for services after.
const (
	usualService = "{realm}.{prefix}.{pre}.{group}.{host}.{source}.{service}.{post}"
	usualHost    = "{realm}.{prefix}.{pre}.{group}.{host}.{service}.{source}"
)

// pathWords are the words that a path may have in braces.
var pathWords = [...]string{"realm", "prefix", "pre", "group", "host", "source", "service", "post"}

func readPaths(s *modules.Settings) paths {
	p := paths{
		prefix: clean(s.Text("prefix", ""), true), source: clean(s.Text("graphite_data_source", ""), true),
		hostCheck: clean(s.Text("hostcheck", "__HOST__"), false),
	}
	p.service = readPath(s, "path", usualService)
	p.host = readPath(s, "host_path", usualHost)
	if !s.Bool("realm_prefix", false) {
		p.service, p.host = without("{realm}", p.service, usualService), without("{realm}", p.host, usualHost)
	}
	return p
}

// without takes a word out of a path that is the usual one.
func without(word string, path []string, usual string) []string {
	if strings.Join(path, ".") != usual {
		return path
	}
	var rest []string
	for _, w := range path {
		if w != word {
			rest = append(rest, w)
		}
	}
	return rest
}

func readPath(s *modules.Settings, name, usual string) []string {
	path := strings.Split(s.Text(name, usual), ".")
	for _, word := range path {
		inner, braced := strings.CutPrefix(word, "{")
		inner, closed := strings.CutSuffix(inner, "}")
		known := false
		for _, w := range pathWords {
			known = known || w == inner
		}
		if braced != closed || braced && !known || !braced && strings.ContainsAny(word, "{}") {
			s.Wrong(name, "%q is no word of a path: write words in braces, parted by dots, of {%s}; the metric comes last by itself", word, strings.Join(pathWords[:], "} {"))
			break
		}
	}
	return path
}

// append adds the path of an object's metrics, with a dot at its end; false if the catalog does not know the object.
func (p *paths) append(dst []byte, c *catalog.Catalog, r monitor.Ref) ([]byte, bool) {
	inv, id, ok := c.Find(r)
	if !ok {
		return dst, false
	}
	host, path := id, p.host
	if r.Service != "" {
		host, path = inv.Service(id).Host, p.service
	}
	h := &inv.Hosts[host]
	for _, word := range path {
		text, dots := word, true
		switch word {
		case "{realm}":
			text = inv.Policies[h.Policy].RealmName
		case "{prefix}":
			text = p.prefix
		case "{pre}":
			text = value(h.Vars, "GRAPHITE_PRE")
		case "{group}":
			text = value(h.Vars, "GRAPHITE_GROUP")
		case "{host}":
			text, dots = r.Host, false
		case "{source}":
			text = p.source
		case "{service}":
			if text, dots = r.Service, false; text == "" {
				text = p.hostCheck
			}
		case "{post}":
			if text = ""; r.Service != "" {
				text = postOf(inv, id)
			}
		}
		if text != "" {
			dst = append(appendClean(dst, text, dots), '.')
		}
	}
	return dst, true
}

func postOf(inv *monitor.Inventory, id monitor.ID) string {
	if extra := inv.Service(id).Extra; extra != nil {
		return value(extra.Vars, "GRAPHITE_POST")
	}
	return ""
}

func value(vars []monitor.Var, name string) string {
	for i := range vars {
		if vars[i].Name == name {
			return vars[i].Value
		}
	}
	return ""
}

// clean is appendClean for a setting; empty if it is.
func clean(text string, dots bool) string {
	if text == "" {
		return ""
	}
	return string(appendClean(nil, text, dots))
}

// longestNode is what a part between dots may have: carbon makes a file or folder of it, with ".wsp" behind it.
const longestNode = 240

// appendClean adds text as a part of a path: what is no letter of ASCII, digit, "_" or "-" becomes "_", as in Shinken; where
// dots are kept they part nodes, of which none is empty and none too long to be the name of a file.
func appendClean(dst []byte, text string, dots bool) []byte {
	node := len(dst)
	for _, r := range text {
		switch {
		case r == '.' && dots:
			dst = append(endNode(dst, node), '.')
			node = len(dst)
			continue
		case r < 0x80 && (r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_'):
			dst = append(dst, byte(r))
		default:
			dst = append(dst, '_')
		}
	}
	return endNode(dst, node)
}

// endNode sees to the node that begins at a place.
func endNode(dst []byte, from int) []byte {
	switch n := len(dst) - from; {
	case n == 0:
		return append(dst, '_')
	case n > longestNode:
		sum := crc32.ChecksumIEEE(dst[from:])
		return strconv.AppendUint(append(dst[:from+longestNode-11], '_'), uint64(sum), 10)
	}
	return dst
}

// appendMetric adds a metric's own part: a number behind a last "_" is a node of its own, so that the values of one
// label stand together (Shinken's rule for multiple values).
func appendMetric(dst []byte, label string) []byte {
	from := len(dst)
	dst = appendClean(dst, label, true)
	digits := len(dst)
	for digits > from && dst[digits-1] >= '0' && dst[digits-1] <= '9' {
		digits--
	}
	if digits < len(dst) && digits > from+1 && dst[digits-1] == '_' && dst[digits-2] != '.' {
		dst[digits-1] = '.'
	}
	return dst
}
