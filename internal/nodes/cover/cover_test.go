package cover_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/nodes/cover"
	"github.com/onbu/onbu/monitor/api"
)

func TestWhatNobodyIsLeftForIsNamed(t *testing.T) {
	poller := func(node, state string, tags ...string) api.Role {
		return api.Role{Node: node, Role: "poller", State: state, Tags: tags}
	}
	needs := cover.Needs{Pollers: []string{"None", "dmz"}}
	for _, c := range []struct {
		name  string
		all   []api.Role
		needs cover.Needs
		want  []string
	}{
		{"all is served", []api.Role{poller("a", "up", "None"), poller("b", "up", "dmz")}, needs, nil},
		{"the only one of a tag is in maintenance", []api.Role{poller("a", "up", "None"), poller("b", "maintenance", "dmz")}, needs, []string{
			"poller_tag dmz: no poller that works serves it: no active check with the tag dmz is made; b is in maintenance",
		}},
		{"the only one without a tag is gone", []api.Role{poller("a", "silent", "None"), poller("b", "up", "dmz")}, needs, []string{
			"poller_tag None: no poller that works serves it: no active check without a tag is made; a is silent",
		}},
		{"nobody ever had a tag", []api.Role{poller("a", "up", "None")}, needs, []string{
			"poller_tag dmz: no poller that works serves it: no active check with the tag dmz is made",
		}},
		{"a tag that nothing has is not missed", []api.Role{poller("a", "up", "None"), poller("b", "silent", "old")}, cover.Needs{Pollers: []string{"None"}}, nil},
		{"one of an older release does not say", []api.Role{poller("a", "up"), poller("b", "silent", "dmz")}, needs, nil},
		{"nobody works at all", []api.Role{poller("a", "draining", "None"), poller("b", "ended", "dmz")}, needs, []string{
			"poller: none works: no active check is made; a is being drained, b has ended",
		}},
		{"nobody was ever there, and is needed", nil, needs, []string{"poller: none works: no active check is made"}},
		{"nobody was ever there, and nothing needs him", []api.Role{{Node: "a", Role: "broker", State: "up"}}, cover.Needs{}, nil},
		{
			"notifications",
			[]api.Role{{Node: "a", Role: "reactionner", State: "up", Tags: []string{"None"}}, {Node: "b", Role: "reactionner", State: "disconnected", Tags: []string{"sms"}}},
			cover.Needs{Reactionners: []string{"None", "sms"}},
			[]string{
				"reactionner_tag sms: no reactionner that works serves it: no notification and no event handler with the tag sms is carried out until one is back; b is disconnected",
			},
		},
		{"the others", []api.Role{{Node: "a", Role: "receiver", State: "maintenance"}, {Node: "a", Role: "arbiter", State: "up"}, {Node: "b", Role: "arbiter", State: "silent"}}, cover.Needs{}, []string{
			"receiver: none works: no passive result and no trap is taken; a is in maintenance",
		}},
		{"many", []api.Role{poller("e", "silent"), poller("d", "silent"), poller("c", "silent"), poller("b", "silent"), poller("a", "silent")}, cover.Needs{}, []string{
			"poller: none works: no active check is made; a is silent, b is silent, c is silent, and 2 more",
		}},
	} {
		var got []string
		for _, g := range cover.Gaps(c.all, c.needs) {
			got = append(got, g.What()+": "+g.Text())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestOnlyWhatIsNewIsOpened(t *testing.T) {
	gap := func(tag string) api.Gap { return api.Gap{Role: "poller", Tag: tag} }
	for _, c := range []struct{ before, after, want []api.Gap }{
		{nil, []api.Gap{gap("dmz")}, []api.Gap{gap("dmz")}},
		{[]api.Gap{gap("dmz")}, []api.Gap{gap("dmz"), gap("None")}, []api.Gap{gap("None")}},
		{[]api.Gap{gap("dmz")}, []api.Gap{gap("")}, []api.Gap{gap("")}},
		{[]api.Gap{gap("")}, []api.Gap{gap("dmz")}, []api.Gap{}},
		{[]api.Gap{gap("dmz")}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, cover.Opened(c.before, c.after)); diff != "" {
			t.Error(diff)
		}
	}
}
