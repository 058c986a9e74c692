package graphite

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"slices"
)

// ring shares paths among targets as carbon's own relay does (carbon 1.1, hashing.py, carbon_ch with 100 replicas), so that a
// relay or a web server with the same list of hosts and instances finds what is here.
type ring struct {
	places []place
}

type place struct {
	at int
	target
}

const replicas = 100

func newRing(targets []target) *ring {
	r := &ring{}
	taken := map[int]bool{}
	for _, t := range targets {
		// Python's way to write the tuple (server, instance).
		node := fmt.Sprintf("('%s', None)", t.host)
		if t.instance != "" {
			node = fmt.Sprintf("('%s', '%s')", t.host, t.instance)
		}
		for i := range replicas {
			at := position(fmt.Appendf(nil, "%s:%d", node, i))
			for taken[at] {
				at++
			}
			taken[at] = true
			r.places = append(r.places, place{at, t})
		}
	}
	slices.SortFunc(r.places, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	return r
}

func position(key []byte) int {
	sum := md5.Sum(key)
	return int(binary.BigEndian.Uint16(sum[:]))
}

// of gives the target of a path.
func (r *ring) of(path []byte) target {
	i, _ := slices.BinarySearchFunc(r.places, position(path), func(p place, at int) int { return cmp.Compare(p.at, at) })
	return r.places[i%len(r.places)].target
}
