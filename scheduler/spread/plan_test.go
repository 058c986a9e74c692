package spread_test

import (
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/scheduler/spread"
)

// view is what me sees of shards of the same weight.
func view(me string, present []spread.Member, shards ...spread.Shard) spread.View {
	return spread.View{Me: member(me), Members: present, Shards: shards}
}

func of(name string, n int) []spread.Shard {
	return slices.Repeat([]spread.Shard{{Weight: 100, Owner: member(name)}}, n)
}

func free(since time.Duration, n int) []spread.Shard {
	return slices.Repeat([]spread.Shard{{Weight: 100, Free: since}}, n)
}

func TestFreeShardsAreTakenFourAtATime(t *testing.T) {
	v := view("a", members("a"), free(0, 16)...)
	if got := v.Plan().Take; !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("takes %v", got)
	}
	for i := range 3 {
		v.Shards[i] = spread.Shard{Weight: 100, Owner: member("a"), Arriving: true}
	}
	if got := v.Plan().Take; !slices.Equal(got, []int{3}) {
		t.Errorf("takes %v while three are being restored", got)
	}
}

func TestEachTakesItsShareAndLaterAnybodyTakesTheRest(t *testing.T) {
	present := members("a", "b", "c", "d")
	taken := map[int]int{}
	for _, me := range present {
		v := spread.View{Me: me, Members: present, Shards: free(0, 16)}
		for _, shard := range v.Plan().Take {
			taken[shard]++
		}
	}
	for shard := range 16 {
		if taken[shard] != 1 {
			t.Errorf("shard %d is taken by %d at once, want 1", shard, taken[shard])
		}
	}
	late := spread.View{Me: present[0], Members: present, Shards: free(spread.TargetNext, 4)}
	if got := late.Plan().Take; len(got) != 4 {
		t.Errorf("of four that nobody takes a takes %v", got)
	}
}

func TestAHeirComesFirst(t *testing.T) {
	given := spread.Shard{Weight: 100, Heir: member("b")}
	for _, tt := range []struct {
		me    string
		since time.Duration
		want  bool
	}{
		{"b", 0, true},
		{"c", 0, false},
		{"c", spread.HeirFirst - 1, false},
		{"c", spread.HeirFirst + spread.TargetNext, true},
	} {
		given.Free = tt.since
		// Everybody else has so much that the shard should be b's.
		v := view(tt.me, members("b", "c"), append(of("c", 3), given)...)
		if got := len(v.Plan().Take) == 1; got != tt.want {
			t.Errorf("%s takes it after %s: %t, want %t", tt.me, tt.since, got, tt.want)
		}
	}
	v := view("c", members("c"), given)
	if len(v.Plan().Take) != 1 {
		t.Error("the shard waits for an heir who is not there")
	}
}

func TestOneWhoFellSilentIsNotWaitedFor(t *testing.T) {
	// The shard would be b's, who has the least.
	v := view("a", members("a", "b"), append(of("a", 2), spread.Shard{Weight: 100})...)
	if got := v.Plan().Take; len(got) != 0 {
		t.Fatalf("a takes %v, which is b's share", got)
	}
	v.Shards[2].Lost = member("b")
	if got := v.Plan().Take; !slices.Equal(got, []int{2}) {
		t.Errorf("a takes %v, want the shard that b has lost", got)
	}
}

func TestShardsAreHandedOverOneByOne(t *testing.T) {
	v := view("a", members("a", "b"), of("a", 16)...)
	p := v.Plan()
	if p.To != member("b") {
		t.Fatalf("plan %+v, want one for b", p)
	}
	for name, change := range map[string]func(*spread.View){
		"the last one has not arrived":  func(v *spread.View) { v.Giving = true },
		"b has just come":               func(v *spread.View) { v.Young = map[spread.Member]bool{member("b"): true} },
		"another shard is free":         func(v *spread.View) { v.Shards[15] = spread.Shard{Weight: 100} },
		"c is about to give up all":     func(v *spread.View) { v.Shards[15] = spread.Shard{Weight: 100, Owner: member("c"), Leaving: true} },
		"b restores two already":        func(v *spread.View) { v.Shards[14], v.Shards[15] = arriving("b"), arriving("b") },
		"everything is being restored":  func(v *spread.View) { v.Shards = slices.Repeat([]spread.Shard{arriving("a")}, 16) },
		"a tries to take two of b's":    func(v *spread.View) { v.Shards = append(of("a", 2), arriving("a"), arriving("a")) },
		"b has as much":                 func(v *spread.View) { copy(v.Shards, of("b", 8)) },
		"all belongs to somebody else":  func(v *spread.View) { v.Me = member("b") },
		"everybody else takes no shard": func(v *spread.View) { v.Members = members("a") },
	} {
		v := view("a", members("a", "b"), of("a", 16)...)
		change(&v)
		if p := v.Plan(); p.To != spread.Nobody {
			t.Errorf("%s: shard %d is handed to %v", name, p.Give, p.To)
		}
	}
}

func arriving(owner string) spread.Shard {
	return spread.Shard{Weight: 100, Owner: member(owner), Arriving: true}
}

func TestOneThatTakesNothingGetsNothing(t *testing.T) {
	v := view("a", members("b"), free(time.Hour, 4)...)
	if got := v.Plan().Take; len(got) != 0 {
		t.Errorf("takes %v", got)
	}
	v = view("a", members("a"), spread.Shard{Weight: 1, Barred: true, Free: time.Hour})
	if got := v.Plan().Take; len(got) != 0 {
		t.Errorf("takes %v, which it cannot", got)
	}
}

func TestOneThatLeavesSharesOutWhatItHas(t *testing.T) {
	shards := append(of("a", 6), of("b", 4)...)
	shards = append(shards, of("c", 6)...)
	v := view("a", members("a", "b", "c"), shards...)
	heirs := v.Heirs()
	n := counts(heirs[:6])
	if n["a"] != 0 || n["b"] != 4 || n["c"] != 2 {
		t.Errorf("six shards go to %v, want four to b, which has four, and two to c, which has six", n)
	}
	for i := 6; i < 16; i++ {
		if heirs[i] != spread.Nobody {
			t.Errorf("shard %d of somebody else goes to %v", i, heirs[i])
		}
	}
	v.Members = members("a")
	for shard, heir := range v.Heirs() {
		if heir != spread.Nobody {
			t.Errorf("shard %d goes to %v, and nobody else is there", shard, heir)
		}
	}
}
