use crate::types::E164;

/// The ISO 3166 country a number belongs to, when its numbering plan says so.
///
/// Numbers of no plan, satellite phones and invented ones have none.
pub fn country(number: &E164) -> Option<String> {
    let number = phonenumber::parse(None, number.as_str()).ok()?;
    number.country().id().map(|id| id.as_ref().to_owned())
}

/// Loads the numbering plans, which takes 80 ms the first time: for start-up, off the async threads.
pub fn warm() {
    // Any number does: +1 walks the longest list of countries sharing a code.
    let _ = E164::parse("+14158675309").ok().as_ref().and_then(country);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_belongs_to_the_country_of_its_plan() {
        warm();
        let rows = [
            ("+14158675309", Some("US")),
            ("+14165550123", Some("CA")),
            ("+442071838750", Some("GB")),
            ("+4915112345678", Some("DE")),
            ("+43720880000", Some("AT")),
            ("+881612345678", None),
            ("+9991234567", None),
        ];
        for (number, expected) in rows {
            assert_eq!(country(&E164::parse(number).expect("valid")).as_deref(), expected, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_number_has_a_country_or_none(number in r"\+[1-9][0-9]{6,14}") {
            let _ = country(&E164::parse(&number).expect("valid"));
        }
    }
}
