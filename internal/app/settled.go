package app

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
)

// settledFile, in the state folder, is what a process took from its configuration when it last started with good files.
const settledFile = "started.json"

// settled is what the roles of a process, other than the arbiter, take from the files at the start.
type settled struct {
	// Main is the path of the main file, in full.
	Main string `json:"main"`
	// PollerTags and ReactionnerTags are those that it uses.
	PollerTags      []string `json:"poller_tags"`
	ReactionnerTags []string `json:"reactionner_tags"`
	// CommandFile is the path of its command file; empty for none.
	CommandFile string `json:"command_file"`
}

// WorkedWith says whether a process with this state folder has started with this main file before. Then it can start while the files
// are broken: the configuration in force goes on.
func WorkedWith(state, main string) bool {
	_, ok := recallSettled(state, main)
	return ok
}

// settle takes out of the configuration what the roles need of it, since they may be built again later; of one that is broken, what the
// last good one had.
func (a *App) settle() {
	var s settled
	if a.o.Config != nil {
		s = settledOf(a.o.Main, a.o.Config)
		a.keepSettled(&s)
	} else if a.o.Main != "" {
		s, _ = recallSettled(a.o.State, a.o.Main)
	}
	a.o.PollerTags = served(a.o.PollerTags, s.PollerTags)
	a.o.ReactionnerTags = served(a.o.ReactionnerTags, s.ReactionnerTags)
	a.o.CommandFile = cmp.Or(a.o.CommandFile, s.CommandFile, "-")
}

func settledOf(main string, c *objects.Config) settled {
	s := settled{Main: arbiter.Absolute(main), PollerTags: tags(c, pollerTag), ReactionnerTags: tags(c, reactionnerTag)}
	if c.Options.CheckExternalCommands {
		s.CommandFile = compile.CommandFile(c)
	}
	return s
}

// keepSettled writes it down. Who cannot is refused a start with broken files later, and nothing else.
func (a *App) keepSettled(s *settled) {
	if a.o.State == "" {
		return
	}
	path := filepath.Join(a.o.State, settledFile)
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(path+".new", append(text, '\n'), 0o640)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		a.o.Log.Warn("what this start took from the files is not kept: with broken files it could not start again", "error", err)
	}
}

func recallSettled(state, main string) (s settled, ok bool) {
	text, err := os.ReadFile(filepath.Join(state, settledFile))
	ok = err == nil && state != "" && json.Unmarshal(text, &s) == nil && s.Main == arbiter.Absolute(main)
	if !ok {
		return settled{}, false
	}
	return s, true
}

// served gives the tags asked for, else all that there are.
func served(asked, all []string) []string {
	if len(asked) > 0 {
		return asked
	}
	return append([]string{untagged}, all...)
}

// tags gives the tags that a configuration uses: those of its objects, as of says, and those of its commands.
func tags(c *objects.Config, of func(*objects.Settings) string) []string {
	var tags []string
	for i := range c.Settings {
		tags = append(tags, of(&c.Settings[i]))
	}
	for i := range c.Commands {
		tags = append(tags, c.Commands[i].Pool)
	}
	slices.Sort(tags)
	return slices.DeleteFunc(slices.Compact(tags), func(t string) bool { return t == "" })
}

func pollerTag(s *objects.Settings) string { return s.Pool }

func reactionnerTag(s *objects.Settings) string { return s.ReactionPool }
