package ucum_test

import (
	"fmt"

	"github.com/cairn-ehr/cairn/pkg/ucum"
)

func Example() {
	f, err := ucum.Convert("38.5", "Cel", "[degF]")
	fmt.Println(f, err)

	u, err := ucum.Parse("mm[Hg]")
	if err != nil {
		fmt.Println(err)
		return
	}
	factor, _ := u.Factor()
	fmt.Println(factor.RatString(), u.Dimension())

	_, err = ucum.Parse("kg/m²")
	fmt.Println(err)
	// Output:
	// 101.3 <nil>
	// 133322 m-1.s-2.g
	// ucum.Parse: unit "kg/m²", character 4: "m²" is not a unit
}
