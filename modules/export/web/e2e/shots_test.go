//go:build shots

package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/demo"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/realpeer/browser"
)

var (
	shotsDir   = flag.String("shots", "../../../../docs/pages", "folder for the pictures")
	shotsAfter = flag.Duration("shots-after", 4*time.Minute, "how long the demo runs before; its story stands still after storyHolds")
	shotsOf    = flag.String("shots-of", "", "only this picture")
)

// shot is a page to take pictures of.
type shot struct {
	name, page string
	// before does what somebody does before there is something to see; nil for nothing.
	before func(tab *browser.Tab)
}

// storyHolds is the moment of the story that the pictures show: the core switch is dead, the disk full, a source silent.
const storyHolds = 3*time.Minute + 20*time.Second

func shotsList() []shot {
	return []shot{
		{"problems", "problems?handled=all", func(tab *browser.Tab) { tab.Until("there are problems", "document.querySelector('li.problem')") }},
		{"impacts", "problems", func(tab *browser.Tab) {
			tab.Until("there is a problem", "document.querySelector('li.problem button.fold')")
			browser.Eval[bool](tab, "document.querySelector('li.problem button.fold').click(), true")
			tab.Until("it is unfolded", "document.querySelector('li.impact')")
		}},
		{"service", "object?host=ham-db-3&service=Filesystem+%2Fsrv", is("document.querySelector('.object-side') && document.body.innerText.includes('last check said')")},
		{"host", "object?host=por-core", is("document.querySelector('.object-side') && document.body.innerText.includes('root problem')")},
		{"hostile", "object?host=ham-web-3&service=Visitors", is("document.querySelector('.object-side') && document.body.innerText.includes('last check said')")},
		{"tree", "tree?at=h%3Apor-core", is("document.querySelector('[role=treeitem]')")},
		{"engine", "engine", is("document.querySelector('[data-node=porto]')")},
		{"piggyback", "piggyback", is("document.querySelector('main').innerText.includes('ham-vcenter-1')")},
		{"simulate", "simulate?of=por-core", is("document.querySelector('main').innerText.includes('What happens when')")},
		{"sign-in", "sign-in", nil},
	}
}

// is waits until an expression is true.
func is(expression string) func(*browser.Tab) {
	return func(tab *browser.Tab) { tab.Until("the page has what it is about", expression) }
}

// TestShots takes pictures of every page of the demo: make shots.
func TestShots(t *testing.T) {
	addr := runDemo(t)
	b := browser.Start(t)
	s := &site{t: t, Client: console.Client{Addr: addr}}
	tab, stranger := b.Tab(t), b.Tab(t)
	signInTo(tab, s, "ben", demo.Password)
	for _, one := range shotsList() {
		if *shotsOf != "" && *shotsOf != one.name {
			continue
		}
		by := tab
		if one.name == "sign-in" {
			by = stranger
		}
		for _, width := range []int64{1440, 390} {
			for _, dark := range []bool{false, true} {
				by.Size(width, map[int64]int64{1440: 960, 390: 844}[width])
				by.Dark(dark)
				by.Go(s.at(one.page))
				if one.before != nil {
					one.before(by)
				}
				by.Until("it is at rest", "document.fonts.status === 'loaded' && !document.querySelector('[aria-busy=true]')")
				browser.Eval[bool](by, "new Promise((done) => setTimeout(() => done(true), 1500))") // curves and drawings
				name := fmt.Sprintf("%s-%d-%s.png", one.name, width, map[bool]string{false: "light", true: "dark"}[dark])
				keep(t, filepath.Join(*shotsDir, name), by.Picture())
			}
		}
	}
}

func signInTo(tab *browser.Tab, s *site, name, password string) {
	tab.Go(s.at("sign-in"))
	tab.Fill("Name", name)
	tab.Fill("Password", password)
	tab.Press(browser.Enter)
	tab.Until("signed in", "document.body.dataset.who === '"+name+"'")
}

// runDemo starts the demo and waits until its story is as far as the pictures want.
func runDemo(t *testing.T) (addr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan string, 1)
	var ended sync.WaitGroup
	o := demo.Options{State: realpeer.Dir(t), HTTP: "127.0.0.1:0", Speed: 1, Seed: 1, Hold: storyHolds, Out: io.Discard, Log: slog.New(slog.DiscardHandler)}
	ended.Go(func() {
		if err := demo.Run(ctx, o, func(addr string) { ready <- addr }); err != nil {
			t.Errorf("the demo: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); ended.Wait() })
	addr = <-ready
	<-time.After(*shotsAfter)
	return addr
}

// keep writes a picture with 256 colours, which is a third of the bytes.
func keep(t *testing.T, path string, data []byte) {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, reduced(full)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d kB", path, out.Len()/1000)
}

// apart says whether people can tell two colours from each other. Without it the shades of edges would leave no room for what is
// small and has a colour of its own.
func apart(a, b color.RGBA) bool {
	d := func(x, y uint8) int { return (int(x) - int(y)) * (int(x) - int(y)) }
	return d(a.R, b.R)+d(a.G, b.G)+d(a.B, b.B) > 40
}

// reduced gives a picture in 256 colours, the most frequent of those that can be told apart; every other pixel gets the nearest of them.
func reduced(full image.Image) *image.Paletted {
	counts := map[color.RGBA]int{}
	bounds := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int { return counts[b] - counts[a] })
	palette := color.Palette{all[0]}
	for _, c := range all {
		if len(palette) < 256 && apart(c, palette[palette.Index(c)].(color.RGBA)) {
			palette = append(palette, c)
		}
	}
	index := map[color.RGBA]uint8{}
	for _, c := range all {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}
