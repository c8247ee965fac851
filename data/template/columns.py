"""The columns of the services template: header, field of the pack, meaning.

The fields are those of the 2019 mapping (the nature of the service, the
referral process, whether there is a cost, who refers, which groups do and do
not use it, outcome data, gaps) and what reach needs (where, when, how).
The importer, the template writer and the demo's generator read this one list.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TemplateColumn:
    """One column: its header in the template, other headers people use, meaning."""

    header: str
    field: str
    meaning: str
    example: str = ""
    accepted: str = ""
    also: tuple[str, ...] = ()


def _c(
    header: str, meaning: str, example: str = "", accepted: str = "", also: str = "", field: str = ""
) -> TemplateColumn:
    others = tuple(name.strip() for name in also.split(",") if name.strip())
    return TemplateColumn(header, field or header, meaning, example, accepted, others)


COLUMNS: tuple[TemplateColumn, ...] = (
    _c("service_id", "A short code of your own that stays the same from year to year", "TG-001",
       also="id, ref, reference, service ref, service reference, unique id"),
    _c("organisation", "Who runs it", "Thorn Green Community Trust",
       also="organization, provider, organisation name, provider name, charity, run by, lead organisation, "
       "name of organisation, name of group, group name, organisation group"),
    _c("service", "What it is called", "Wednesday lunch club", field="name",
       also="name, service name, title, project, project name, activity, name of service, name of activity"),
    _c("description", "The nature of the service, in a sentence or two", "A cooked lunch and time to talk",
       also="nature, nature of the service, nature of service, about, summary, details, what it does, "
       "what they do, what is it, what it is, activities"),
    _c("category", "The kind of service, in your own words; use the same word for the same kind",
       "Lunch club", also="type, type of service, service type, theme, kind of service"),
    _c("delivery", "Where it happens", "venue",
       "venue; several venues; home; phone; online",
       also="delivery method, mode of delivery, how delivered, where delivered, delivered"),
    _c("address", "Street address of the venue", "Thorn Green Hall, 12 Chapel Street",
       also="venue address, street address, venue, full address, address 1, address line 1"),
    _c("locality", "Village, suburb or part of town", "Thorn Green",
       also="area, neighbourhood, town, suburb, village, district, place"),
    _c("postcode", "Postcode of the venue", "ZZ1 2AB", also="post code, venue postcode, postal code, zip"),
    _c("lon", "Longitude in degrees, if known (negative west of Greenwich)", "-2.11",
       also="longitude, long, lng, x coordinate degrees"),
    _c("lat", "Latitude in degrees, if known", "53.54", also="latitude"),
    _c("easting", "National Grid easting in metres, if known", "",
       also="eastings, x, os easting, osgb x"),
    _c("northing", "National Grid northing in metres, if known", "",
       also="northings, y, os northing, osgb y"),
    _c("website", "Web address", "https://example.org", also="url, web, web site, web address, link"),
    _c("phone", "Telephone number", "01632 960001",
       also="telephone, tel, phone number, contact number, telephone number, "
       "contact tel, contact telephone, contact phone, tel no, tel number, mobile"),
    _c("email", "E-mail address", "lunch@example.org", also="e-mail, email address, mail, contact email"),
    _c("cost", "Whether people pay", "£3", "free; donation; paid; or the price, for example £3",
       also="costs, price, fee, charge, fees, is there a cost, how much, cost to user"),
    _c("cost_note", "Anything to add about the cost", "Carers come free",
       also="cost notes, cost details, fees description, price details"),
    _c("referral", "How people come to it", "self referral",
       "self; organisation; mixed",
       also="referral process, referral route, how to refer, access route, referrals"),
    _c("referral_note", "Anything to add, for example an assessment", "A short chat on the phone first",
       also="referral notes, referral details, application process, how to join"),
    _c("referred_by", "Who refers", "GP; social worker; self",
       also="who refers, referrer, referrers, referral source, referral sources, referral from"),
    _c("target_groups", "Which groups use it; several with a semicolon between", "older people; carers",
       also="groups, target group, who uses it, groups that use it, who it is for, who is it for, "
       "who for, audience, client group, users"),
    _c("not_used_by", "Which groups do not use it", "men under 50",
       also="who does not use it, groups that do not use it, groups not using, does not serve, not used"),
    _c("languages", "Languages spoken; several with a semicolon between", "English; Urdu",
       also="language, languages spoken, community languages"),
    _c("women_only", "For women only", "no", "yes; no",
       also="women-only, female only, ladies only, women and girls only"),
    _c("age_min", "Youngest age, in years", "55", also="minimum age, min age, age from, youngest age"),
    _c("age_max", "Oldest age, in years", "", also="maximum age, max age, age to, oldest age"),
    _c("faith", "Faith that the service comes from or is for", "",
       also="religion, faith group, denomination"),
    _c("transport_offered", "Whether lifts or a minibus are offered", "no", "yes; no",
       also="transport, lifts offered, transport provided, lifts, minibus"),
    _c("sessions", "When to be there", "Wednesday 12:00-14:00",
       "a day and hours, several with a semicolon between; '1st Tuesday 10-12'; 'drop-in Mon-Fri 9-5'; "
       "add 'term time only' or 'from 3 March to 12 July 2027' where so",
       also="session, session times, days and times, times, when, timetable, day and time, schedule, "
       "when is it on, when is it, when does it run, day time, days times, "
       "day and times, days and time, meeting times"),
    _c("opening_hours", "Opening hours of the place, kept as you write them", "Mon-Fri 9-5",
       also="opening times, hours, open"),
    _c("capacity", "How many people it can take", "25", also="places, number of places, max people, spaces"),
    _c("outcome_data", "Whether outcomes are measured, and how", "Yearly survey",
       also="outcomes, outcome, outcome measures, evaluation, impact data"),
    _c("gaps", "Gaps that the provider sees", "Nothing at weekends",
       also="gap, gaps in provision, unmet need, unmet needs, gaps identified"),
    _c("verified", "Whether somebody has checked this row", "yes", "yes; no", also="checked, confirmed"),
    _c("updated", "The date of that check, day first", "03/06/2024",
       also="last updated, date updated, date checked, last checked, updated on, assured date"),
)  # fmt: skip

HEADERS: tuple[str, ...] = tuple(column.header for column in COLUMNS)
FIELDS: tuple[str, ...] = tuple(column.field for column in COLUMNS)
