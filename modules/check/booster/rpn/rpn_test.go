package rpn_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules/check/booster/rpn"
)

// resolve knows "a" and "b", numbers, and "same", a truth.
func resolve(token string) (int, rpn.Kind, error) {
	switch token {
	case "a":
		return 0, rpn.Number, nil
	case "b":
		return 1, rpn.Number, nil
	case "same":
		return 2, rpn.Truth, nil
	}
	return 0, 0, errors.New("unknown: " + token)
}

var refs = []rpn.Value{rpn.Num(7), rpn.Num(-2), rpn.Bool(true)}

func eval(text string, before ...rpn.Value) (rpn.Value, error) {
	kinds := make([]rpn.Kind, len(before))
	for i, v := range before {
		kinds[i] = v.Kind
	}
	p, err := rpn.Compile(strings.Split(text, ","), resolve, kinds...)
	if err != nil {
		return rpn.Value{}, err
	}
	return p.Eval(refs, before...)
}

func TestOperatorsAreThoseOfPython(t *testing.T) {
	for text, want := range map[string]float64{
		"2,3,add": 5, "2,3,sub": -1, "2,3,mul": 6, "3,2,div": 1.5, "3,2,truediv": 1.5, "-3,2,floordiv": -2, "-7,3,mod": 2, "7,-3,mod": -2,
		"2,10,pow": 1024, "a,b,mul": -14, " a , 2 , * ": 14, "1.5e1,0.5,-": 14.5, "3,2,//": 1, "true,true,add": 2, "6,4,/": 1.5, "2,3,**": 8,
	} {
		if got, err := eval(text); err != nil || got != rpn.Num(want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]bool{
		"2,3,lt": true, "2,2,le": true, "3,2,gt": true, "2,2,ge": true, "2,3,eq": false, "2,3,ne": true, "True,FALSE,or_": true, "true,false,and_": false,
		"true,false,xor": true, "same,a,7,eq,and_": true, "a,1,eq,b,1,ne,or_": true, "1,2,<": true, "true": true, "true,1,eq": true,
	} {
		if got, err := eval(text); err != nil || got != rpn.Bool(want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestAValueMayLieOnTheStackAlready(t *testing.T) {
	if got, err := eval("8,mul", rpn.Num(3.5)); err != nil || got != rpn.Num(28) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := eval("1,swap", rpn.Num(3.5)); err == nil {
		t.Errorf("an unknown word gives %v", got)
	}
}

func TestWhatCannotWorkIsSaidBeforeItRuns(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "unknown",
		"8":                                     "2 values are left",
		"mul,8":                                 "mul has no two values in front of it",
		"1,2,and_":                              "and_ joins comparisons",
		"a,1,eq,2,or_":                          "or_ joins comparisons",
		"not_":                                  "unknown: not_",
		"nan,mul":                               "unknown: nan",
		"0x10,mul":                              "unknown: 0x10",
		strings.Repeat("1,", 40) + "mul":        "wait for an operator",
		strings.Repeat("1,mul,", 200) + "1,mul": "more than 256 tokens",
	} {
		if got, err := eval(text, rpn.Num(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestWhatHasNoValueIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		"1,0,div": "division by zero", "1,0,mod": "division by zero", "1,0,floordiv": "division by zero", "10,400,pow": "no finite number",
		"-8,0.5,pow": "no finite number",
	} {
		if got, err := eval(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want %q", text, got, err, want)
		}
	}
	if got, err := eval("1,eq", rpn.Num(math.NaN())); err == nil {
		t.Errorf("a missing value gives %v", got)
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	p, err := rpn.Compile(strings.Split("a,1,eq,b,1,ne,and_", ","), resolve)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Eval(refs) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzEval(f *testing.F) {
	f.Add("8,mul", 3.0)
	f.Add("a,b,pow,1,gt,same,xor", math.Inf(1))
	f.Fuzz(func(t *testing.T, text string, x float64) {
		v, err := eval(text, rpn.Num(x))
		if err == nil && (math.IsNaN(v.X) || math.IsInf(v.X, 0) || v.Kind == rpn.Truth && v.X != 0 && v.X != 1) {
			t.Errorf("%q of %v gives %v", text, x, v)
		}
	})
}
