package spread

import (
	"slices"
	"time"
)

const (
	// HeirFirst is how long a shard that was given to somebody waits for him alone, and TargetNext how long then, or at once
	// where there is no heir, for the one whose share it is. After that anybody takes it: who should have it does not.
	HeirFirst  = time.Second
	TargetNext = 2 * time.Second
	// mostTaking is how many shards a scheduler takes at a time, and mostArriving how many are on their way to one before
	// others give him more.
	mostTaking   = 4
	mostArriving = 2
)

// Shard is a shard as a scheduler sees it.
type Shard struct {
	Weight uint64
	// Owner has it; Nobody if it is free.
	Owner Member
	// Arriving says that the owner has it and does not work on it yet, Leaving that he is about to give up all that he has.
	Arriving, Leaving bool
	// Free is how long it has been free, Heir to whom it was given then, Nobody for no one.
	Free time.Duration
	Heir Member
	// Lost is who had it before and fell silent; Nobody if it was given up, or nobody had it. He may well be one of the members.
	Lost Member
	// Barred is one that the scheduler who looks cannot take at present.
	Barred bool
}

// View is what one scheduler sees.
type View struct {
	Me Member
	// Members are those that take shards, the one who looks among them if he does.
	Members []Member
	// Young are members for whom nothing is moved yet: they get what is free.
	Young  map[Member]bool
	Shards []Shard
	// Giving says that what the one who looks gave last has not arrived yet.
	Giving bool
}

// Plan is what one scheduler does next.
type Plan struct {
	// Take are free shards to take now.
	Take []int
	// Give, if To is somebody, is the shard to hand over now.
	Give int
	To   Member
}

// Plan says what the one who looks should do. What he wants to do and may not do yet he asks about again a little later.
func (v *View) Plan() Plan {
	p := Plan{Take: v.take()}
	if len(p.Take) == 0 && !v.Giving {
		p.Give, p.To = v.give()
	}
	return p
}

// take gives the shards to take now.
func (v *View) take() (take []int) {
	room := mostTaking
	for i := range v.Shards {
		if s := &v.Shards[i]; s.Owner == v.Me && s.Arriving {
			room--
		}
	}
	target := Share(v.Members, v.weights(), v.owners())
	for shard := range v.Shards {
		if room > 0 && v.takes(&v.Shards[shard], target[shard]) {
			take = append(take, shard)
			room--
		}
	}
	return take
}

// takes says whether the one who looks takes a shard now that should be target's.
func (v *View) takes(s *Shard, target Member) bool {
	wait := s.Free
	if v.awaitsHeir(s) {
		return s.Heir == v.Me && !s.Barred
	}
	if s.Heir != Nobody {
		wait -= HeirFirst
	}
	free := s.Owner == Nobody && !s.Barred && v.member(v.Me)
	return free && (target == v.Me || target == s.Lost || wait >= TargetNext)
}

// awaitsHeir says whether a shard waits for the one to whom it was given.
func (v *View) awaitsHeir(s *Shard) bool {
	return s.Owner == Nobody && s.Heir != Nobody && s.Free < HeirFirst && v.member(s.Heir)
}

// give says which shard to hand over now, and to whom: none while others are free and not on their way, or about to be so, nor while the
// one who looks takes some. What he tries to take may well have an owner whose lease he has not seen renewed, and is not his yet.
func (v *View) give() (shard int, to Member) {
	settled := []Member{v.Me}
	for _, m := range v.Members {
		if !v.Young[m] && m != v.Me {
			settled = append(settled, m)
		}
	}
	for i := range v.Shards {
		if s := &v.Shards[i]; s.Leaving || s.Owner == Nobody && !v.awaitsHeir(s) || s.Owner == v.Me && s.Arriving {
			return 0, Nobody
		}
	}
	target := Share(settled, v.weights(), v.owners())
	for i := range v.Shards {
		s, heir := &v.Shards[i], target[i]
		if s.Owner == v.Me && heir != v.Me && v.arriving(heir) < mostArriving {
			return i, heir
		}
	}
	return 0, Nobody
}

// arriving counts the shards that are on their way to somebody.
func (v *View) arriving(m Member) (n int) {
	for i := range v.Shards {
		if s := &v.Shards[i]; s.Owner == m && s.Arriving || v.awaitsHeir(s) && s.Heir == m {
			n++
		}
	}
	return n
}

// owners gives who has each shard; what is on its way counts as its heir's.
func (v *View) owners() []Member {
	now := make([]Member, len(v.Shards))
	for i := range v.Shards {
		s := &v.Shards[i]
		if now[i] = s.Owner; v.awaitsHeir(s) {
			now[i] = s.Heir
		}
	}
	return now
}

func (v *View) weights() []uint64 {
	weights := make([]uint64, len(v.Shards))
	for i := range v.Shards {
		weights[i] = v.Shards[i].Weight
	}
	return weights
}

func (v *View) member(who Member) bool {
	return slices.Contains(v.Members, who)
}

// Heirs says to whom each of the shards of one who leaves should go; Nobody where nobody else is there.
func (v *View) Heirs() []Member {
	var others []Member
	for _, m := range v.Members {
		if m != v.Me {
			others = append(others, m)
		}
	}
	now := v.owners()
	for i := range now {
		if now[i] == v.Me {
			now[i] = Nobody
		}
	}
	heirs := Share(others, v.weights(), now)
	for i := range heirs {
		if now[i] != Nobody {
			heirs[i] = Nobody
		}
	}
	return heirs
}
