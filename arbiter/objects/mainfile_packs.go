package objects

import "slices"

// What cut_packs says of packs, which are hosts that parents tie together.
const (
	// CutHeavy cuts packs that are too heavy for one shard; nothing said means the same.
	CutHeavy = "heavy"
	// CutRealms does so, and takes hosts of different realms apart.
	CutRealms = "realms"
	// CutNever leaves all whole, but where a host asks for it.
	CutNever = "never"
)

// packOptions are those about how hosts are laid into shards. They are Onbu's own.
func (l *loader) packOptions() []option {
	return []option{
		{names: "cut_packs", dst: l.cutPacks},
		{names: "heavy_pack", dst: l.heavyPack},
	}
}

func (l *loader) cutPacks(p param, pos Pos) {
	ways := []string{CutHeavy, CutRealms, CutNever}
	if !slices.Contains(ways, p.value) {
		l.errorAt(pos, "cut_packs is %q: it must be heavy, realms or never", p.value)
		return
	}
	l.config.Options.CutPacks = p.value
}

func (l *loader) heavyPack(p param, pos Pos) {
	n, _ := l.number(p.value, pos, p.name)
	if n < 1 {
		l.errorAt(pos, "heavy_pack is %s: it must be the number of hosts and services up to which a pack is never cut, 1 or more", p.value)
		return
	}
	l.config.Options.HeavyPack = uint64(clamp(n, 1, 1e9))
}
