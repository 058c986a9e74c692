package arbiter

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// sum is of an inventory.
type sum [sha256.Size]byte

// inForce is what this arbiter knows of the generation in force.
type inForce struct {
	number uint64
	sums   []sum // of its inventories
}

// fingerprint is the same for the same configuration, whatever its generation; sums are those of its inventories.
func fingerprint(r *compile.Result) (whole string, sums []sum) {
	h := sha256.New()
	var buf []byte
	for _, inv := range r.Inventories {
		buf = wire.Append(buf[:0], inv)
		s := sum(sha256.Sum256(buf))
		sums = append(sums, s)
		h.Write(s[:])
	}
	h.Write(wire.Append(buf[:0], r.Piggyback))
	h.Write(wire.Append(buf[:0], r.Modules))
	return hex.EncodeToString(h.Sum(nil)), sums
}

// stands says of each shard under which generation its inventory is stored: the new one, or the one that it was stored under
// so far if it is the same. Without knowledge of the generation in force all are stored anew.
func (a *Arbiter) stands(now wire.Generation, next uint64, sums []sum) []uint64 {
	list := make([]uint64, len(sums))
	for i := range sums {
		list[i] = next
		if a.inForce.number == now.Number && len(a.inForce.sums) == len(sums) && a.inForce.sums[i] == sums[i] {
			list[i] = now.Stand(monitor.Shard(i))
		}
	}
	return list
}

// changed counts the shards that changed with a generation.
func changed(g wire.Generation) uint16 {
	n := uint16(0)
	for _, stand := range g.Stands {
		if stand == g.Number {
			n++
		}
	}
	return n
}

// weights gives how much work each shard is.
func weights(inventories []*monitor.Inventory) []uint64 {
	all := make([]uint64, len(inventories))
	for shard, inv := range inventories {
		all[shard] = uint64(len(inv.Hosts) + len(inv.Services))
	}
	return all
}
