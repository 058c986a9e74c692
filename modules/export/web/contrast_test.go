package web_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// WCAG 2.2, 1.4.3: text has a contrast of 4.5 to what it stands on; 1.4.11: what has to be seen, such as a band in a time line, one of 3.
const enoughForText, enoughForLines = 4.5, 3

func TestColoursAreToldApart(t *testing.T) {
	light, dark := tokens(t)
	for mode, is := range map[string]map[string]string{"light": light, "dark": dark} {
		want := func(front, behind string, least float64) {
			if got := contrast(t, is[front], is[behind]); got < least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", mode, front, behind, got, least)
			}
		}
		grounds := []string{"bg", "surface", "raised", "sunken"}
		for _, behind := range grounds {
			for _, front := range []string{"text", "muted", "faint", "accent"} {
				want(front, behind, enoughForText)
			}
		}
		for _, front := range []string{"text", "muted", "accent"} {
			want(front, "accent-soft", enoughForText)
		}
		for _, state := range []string{"ok", "warn", "crit", "unknown", "far", "pending"} {
			for _, behind := range append(grounds, state+"-soft") {
				want(state, behind, enoughForText)
			}
			want(state+"-line", "surface", enoughForLines)
			want(state+"-line", "bg", enoughForLines)
		}
		want("on-accent", "accent", enoughForText)
		want("on-crit", "crit-line", enoughForText)
	}
}

// Colours of the two modes stand in the style twice: for who has chosen dark, and for whose system has.
func TestDarkIsTheSameWhoeverChoseIt(t *testing.T) {
	css := style(t)
	system := body(t, css, `:root:not([data-theme="light"]) {`)
	chosen := body(t, css, `:root[data-theme="dark"] {`)
	if system != chosen {
		t.Errorf("the system's dark is\n%s\nand the chosen one\n%s", system, chosen)
	}
}

// What moves, moves only for who does not mind.
func TestNothingMovesForWhoWantsItSo(t *testing.T) {
	for _, file := range []string{"app.css", "engine.css", "object.css", "problems.css"} {
		text, err := os.ReadFile("static/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if regexp.MustCompile(`\b(animation|transition|scroll-behavior)\b`).MatchString(line) && !strings.Contains(line, "prefers-reduced-motion: no-preference") {
				t.Errorf("%s:%d moves whoever looks: put it into @media (prefers-reduced-motion: no-preference)", file, i+1)
			}
		}
	}
}

func style(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// body gives what a rule says that begins so.
func body(t *testing.T, css, head string) string {
	t.Helper()
	_, rest, ok := strings.Cut(css, head)
	if !ok {
		t.Fatalf("app.css has no rule %s", head)
	}
	said, _, _ := strings.Cut(rest, "}")
	return strings.TrimSpace(said)
}

// tokens gives the colours by their names. Dark has those of light that it does not name.
func tokens(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	css := style(t)
	light, dark = map[string]string{}, map[string]string{}
	for _, m := range colours(body(t, css, ":root {")) {
		light[m[1]], dark[m[1]] = m[2], m[2]
	}
	for _, m := range colours(body(t, css, `:root[data-theme="dark"] {`)) {
		dark[m[1]] = m[2]
	}
	return light, dark
}

func colours(rule string) [][]string {
	return regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6})\b`).FindAllStringSubmatch(rule, -1)
}

// contrast is that of WCAG 2.2: from 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, colour string) (sum float64) {
	t.Helper()
	digits := strings.TrimPrefix(colour, "#")
	if len(digits) == 3 {
		digits = fmt.Sprintf("%[1]c%[1]c%[2]c%[2]c%[3]c%[3]c", digits[0], digits[1], digits[2])
	}
	for i, weight := range [3]float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(digits[min(2*i, len(digits)):min(2*i+2, len(digits))], 16, 8)
		if err != nil {
			t.Fatalf("%q is no colour: %v", colour, err)
		}
		c := float64(n) / 255
		if c <= .04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+.055)/1.055, 2.4)
		}
	}
	return sum
}
